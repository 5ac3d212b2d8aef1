import { homeRoute } from './pages/home/index.tsx';
import { rootRoute, signedInRoute } from './shell/root.tsx';

/** One line a page: below signedInRoute, or beside it for pages that strangers may see. */
export const routeTree = rootRoute.addChildren([signedInRoute.addChildren([homeRoute])]);
