import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { signedInRoute } from '../../../shell/root.tsx';

export const alertSettingsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings/alerts',
  component: lazyRouteComponent(() => import('./alerts-page.tsx'), 'AlertsPage'),
});
