import { createRoute } from '@tanstack/react-router';
import { settingsRoute } from '../index.tsx';
import { pageComponent } from '../../../shell/page-component.ts';

export const alertSettingsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/alerts',
  component: pageComponent(() => import('./alerts-page.tsx'), 'AlertsPage'),
});
