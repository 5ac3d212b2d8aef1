import { createRoute } from '@tanstack/react-router';
import { pageComponent } from '../../shell/page-component.ts';
import { signedInRoute } from '../../shell/root.tsx';
import { isWindow, type OverviewSearch } from './search.ts';

export const overviewRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/overview',
  validateSearch: ({ window }): OverviewSearch => (isWindow(window) ? { window } : {}),
  component: pageComponent(() => import('./overview-page.tsx'), 'OverviewPage'),
});
