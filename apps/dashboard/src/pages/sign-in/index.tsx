import { createRoute } from '@tanstack/react-router';
import { pageComponent } from '../../shell/page-component.ts';
import { rootRoute } from '../../shell/root.tsx';
import { placeOf } from './place.ts';

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { to?: string } => {
    const to = placeOf(search['to'], globalThis.location.origin);
    return to === undefined ? {} : { to };
  },
  // Nothing that was shown to the one before stays in memory, however they came to be signed in no more.
  onEnter: ({ context }) => context.queries.clear(),
  component: pageComponent(() => import('./sign-in-page.tsx'), 'SignInPage'),
});

export const setupRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/setup',
  component: pageComponent(() => import('./setup-page.tsx'), 'SetupPage'),
});

export const forgottenRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/forgotten-password',
  component: pageComponent(() => import('./reset-pages.tsx'), 'ForgottenPage'),
});

export const resetRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/reset-password',
  component: pageComponent(() => import('./reset-pages.tsx'), 'ResetPage'),
});

export const inviteRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/invite',
  component: pageComponent(() => import('./invite-page.tsx'), 'InvitePage'),
});
