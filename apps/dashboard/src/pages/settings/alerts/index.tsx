import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { settingsRoute } from '../index.tsx';

export const alertSettingsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/alerts',
  component: lazyRouteComponent(() => import('./alerts-page.tsx'), 'AlertsPage'),
});
