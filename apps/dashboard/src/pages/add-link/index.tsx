import { createRoute } from '@tanstack/react-router';
import { rootRoute } from '../../shell/root.tsx';

/** What the QR code of a provisioning link opens. For whoever scans it: nobody has to be signed in. */
export const addLinkRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/add',
}).lazy(() => import('./page.lazy.tsx').then(({ addLinkPage }) => addLinkPage));
