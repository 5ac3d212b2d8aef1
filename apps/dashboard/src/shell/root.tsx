import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, Outlet, redirect } from '@tanstack/react-router';
import { isSignedOut } from '../api/query-client.ts';
import { sessionQuery } from '../session/use-session.ts';
import { FailedPage, NotFoundPage, PendingPage } from './pages.tsx';
import { signInAddress } from './sign-in-address.ts';
import { Shell } from './shell.tsx';

export interface RouterContext {
  readonly queries: QueryClient;
}

/** Above every page. Pages for strangers (sign-in, set-up, the page of a provisioning link) hang here. */
export const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFoundPage,
  errorComponent: FailedPage,
});

/** Above every page of somebody who is signed in: `getParentRoute: () => signedInRoute`. */
export const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queries.query({ ...sessionQuery, staleTime: 'static' });
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router is told
      if (isSignedOut(error)) throw redirect({ href: signInAddress(location.href) });
      throw error;
    }
  },
  component: Shell,
  pendingComponent: PendingPage,
  errorComponent: FailedPage,
});
