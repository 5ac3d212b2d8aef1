import { createRoute, redirect } from '@tanstack/react-router';
import { navigation } from '../../shell/navigation.ts';
import { signedInRoute } from '../../shell/root.tsx';

/** `/` leads to the first page of the navigation. */
export const homeRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/',
  beforeLoad: () => {
    redirect({ to: navigation[0].to, replace: true, throw: true });
  },
});
