import { createRoute, redirect } from '@tanstack/react-router';
import { pageComponent } from '../../shell/page-component.ts';
import { signedInRoute } from '../../shell/root.tsx';

/** The tabs around every page of the settings: `getParentRoute: () => settingsRoute`. */
export const settingsRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/settings',
  component: pageComponent(() => import('./settings-frame.tsx'), 'SettingsFrame'),
});

export const settingsIndexRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/',
  beforeLoad: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- how the router is told
    throw redirect({ to: '/settings/organization', replace: true });
  },
});

export const organizationSettingsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/organization',
  component: pageComponent(() => import('./organization-page.tsx'), 'OrganizationPage'),
});

export const memberSettingsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/members',
  component: pageComponent(() => import('./members-page.tsx'), 'MembersPage'),
});

export const tokenSettingsRoute = createRoute({
  getParentRoute: () => settingsRoute,
  path: '/tokens',
  component: pageComponent(() => import('./tokens-page.tsx'), 'TokensPage'),
});
