import { createRoute } from '@tanstack/react-router';
import { pageComponent } from '../../shell/page-component.ts';
import { signedInRoute } from '../../shell/root.tsx';
import { type DeviceTab, deviceTabs } from './tabs.ts';

export const deviceRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/devices/$deviceId',
  validateSearch: (raw: Record<string, unknown>): { readonly tab?: DeviceTab } => {
    const tab = deviceTabs.find((name) => name === raw['tab'] && name !== 'facts');
    return tab === undefined ? {} : { tab };
  },
  component: pageComponent(() => import('./device-page.tsx'), 'DevicePage'),
});
