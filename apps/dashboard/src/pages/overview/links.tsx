import { Anchor } from '@mantine/core';
import { Link, useRouter } from '@tanstack/react-router';
import type { ReactNode } from 'react';

export interface PlaceLinkProps {
  /** `/devices`, or `/devices/dev_…`. */
  readonly to: string;
  readonly search?: Readonly<Record<string, string>>;
  readonly label?: string;
  readonly children: ReactNode;
}

/** Leads to another page of the dashboard; plain text where there is no such page. */
export function PlaceLink({ children, label, search, to }: PlaceLinkProps): ReactNode {
  const { routesByPath } = useRouter();
  const [, first = '', second] = to.split('/');
  const pattern = second === undefined ? `/${first}` : `/${first}/$`;
  const isThere = Object.keys(routesByPath).some((path) =>
    second === undefined ? path === pattern : path.startsWith(pattern),
  );
  if (!isThere) return children;
  return (
    <Anchor component={Link} to={to} search={search as never} aria-label={label}>
      {children}
    </Anchor>
  );
}
