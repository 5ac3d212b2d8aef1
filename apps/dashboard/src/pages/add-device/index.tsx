import { createRoute } from '@tanstack/react-router';
import { pageComponent } from '../../shell/page-component.ts';
import { signedInRoute } from '../../shell/root.tsx';

export interface AddDeviceSearch {
  /** Public id (`pc_…`) of the code that is watched. Its text is in memory alone. */
  readonly code?: string;
  /** Id of a device whose credentials were made beforehand, and that is watched. */
  readonly made?: string;
  /** A device that is to be replaced: what its own page links to. */
  readonly device?: string;
}

export const addDeviceRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/devices/add',
  validateSearch: (search: Record<string, unknown>): AddDeviceSearch => ({
    ...(typeof search['code'] === 'string' ? { code: search['code'] } : {}),
    ...(typeof search['made'] === 'string' ? { made: search['made'] } : {}),
    ...(typeof search['device'] === 'string' ? { device: search['device'] } : {}),
  }),
  component: pageComponent(() => import('./add-device-page.tsx'), 'AddDevicePage'),
});
