import { createRoute } from '@tanstack/react-router';
import { pageComponent } from '../../shell/page-component.ts';
import { signedInRoute } from '../../shell/root.tsx';
import { readSearch } from './search.ts';

export const devicesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/devices',
  validateSearch: readSearch,
  component: pageComponent(() => import('./devices-page.tsx'), 'DevicesPage'),
});
