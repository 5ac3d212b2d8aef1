import { createRoute, Navigate, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { addDeviceAddress, navigation } from '../../shell/navigation.ts';
import { NotFound } from '../../shell/pages.tsx';
import { signedInRoute } from '../../shell/root.tsx';

/** `/` leads to the first page of the navigation. */
export const homeRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/',
  component: Home,
});

function Home(): ReactNode {
  const { routesByPath } = useRouter();
  const places = [...navigation.map(({ to }) => to), addDeviceAddress];
  const first = places.find((to) => Object.hasOwn(routesByPath, to));
  return first === undefined ? <NotFound /> : <Navigate to={first} replace />;
}
