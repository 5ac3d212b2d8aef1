import { createRoute } from '@tanstack/react-router';
import { pageComponent } from '../../shell/page-component.ts';
import { signedInRoute } from '../../shell/root.tsx';
import { readCodesSearch } from './search.ts';

export const codesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/codes',
  validateSearch: readCodesSearch,
  component: pageComponent(() => import('./codes-page.tsx'), 'CodesPage'),
});
