import { accountRoute } from './pages/account/index.tsx';
import { addDeviceRoute } from './pages/add-device/index.tsx';
import { addLinkRoute } from './pages/add-link/index.tsx';
import { auditRoute } from './pages/audit/index.tsx';
import { batchesRoute, batchRoute, newBatchRoute } from './pages/batches/index.tsx';
import { codesRoute } from './pages/codes/index.tsx';
import { deviceRoute } from './pages/device/index.tsx';
import { devicesRoute } from './pages/devices/index.tsx';
import { homeRoute } from './pages/home/index.tsx';
import { overviewRoute } from './pages/overview/index.tsx';
import { alertSettingsRoute } from './pages/settings/alerts/index.tsx';
import {
  memberSettingsRoute,
  organizationSettingsRoute,
  settingsIndexRoute,
  settingsRoute,
  tokenSettingsRoute,
} from './pages/settings/index.tsx';
import { forgottenRoute, inviteRoute, resetRoute, setupRoute, signInRoute } from './pages/sign-in/index.tsx';
import { rootRoute, signedInRoute } from './shell/root.tsx';

/** One line a page: below signedInRoute, or beside it for pages that strangers may see. */
export const routeTree = rootRoute.addChildren([
  // For strangers:
  addLinkRoute,
  signInRoute,
  setupRoute,
  forgottenRoute,
  resetRoute,
  inviteRoute,
  signedInRoute.addChildren([
    // For people, in the order of the navigation:
    homeRoute,
    addDeviceRoute,
    devicesRoute,
    deviceRoute,
    overviewRoute,
    codesRoute,
    batchesRoute,
    newBatchRoute,
    batchRoute,
    auditRoute,
    settingsRoute.addChildren([
      settingsIndexRoute,
      organizationSettingsRoute,
      memberSettingsRoute,
      tokenSettingsRoute,
      alertSettingsRoute,
    ]),
    accountRoute,
  ]),
]);
