import { createRoute } from '@tanstack/react-router';
import { pageComponent } from '../../shell/page-component.ts';
import { rootRoute } from '../../shell/root.tsx';

/** What the QR code of a provisioning link opens. For whoever scans it: nobody has to be signed in. */
export const addLinkRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/add',
  component: pageComponent(() => import('./add-link-page.tsx'), 'AddLinkPage'),
});
