import { homeRoute } from './pages/home/index.tsx';
import { overviewRoute } from './pages/overview/index.tsx';
import { alertSettingsRoute } from './pages/settings/alerts/index.tsx';
import { rootRoute, signedInRoute } from './shell/root.tsx';

/** One line a page: below signedInRoute, or beside it for pages that strangers may see. */
export const routeTree = rootRoute.addChildren([
  signedInRoute.addChildren([homeRoute, overviewRoute, alertSettingsRoute]),
]);
