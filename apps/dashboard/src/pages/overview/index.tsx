import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedInRoute } from '../../shell/root.tsx';
import { isWindow, type OverviewSearch } from './search.ts';

export const overviewRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/overview',
  validateSearch: ({ window }): OverviewSearch => (isWindow(window) ? { window } : {}),
  component: lazyRouteComponent(() => import('./overview-page.tsx'), 'OverviewPage'),
});
