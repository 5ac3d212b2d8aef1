import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedInRoute } from '../../shell/root.tsx';
import { readCodesSearch } from './search.ts';

export const codesRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/codes',
  validateSearch: readCodesSearch,
  component: lazyRouteComponent(() => import('./codes-page.tsx'), 'CodesPage'),
});
