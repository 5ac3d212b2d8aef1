import { Group, NavLink, Stack } from '@mantine/core';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import type { ReactNode } from 'react';

const tabs = [
  ['/settings/organization', 'Organization'],
  ['/settings/members', 'Members'],
  ['/settings/tokens', 'Operator tokens'],
  ['/settings/alerts', 'Alerts'],
] as const;

/** The tabs of the settings; each is a page with an address of its own. */
export function SettingsFrame(): ReactNode {
  const { pathname } = useLocation();
  return (
    <Stack gap="lg">
      <Group gap={4} component="nav" aria-label="Settings">
        {tabs.map(([to, label]) => (
          <NavLink
            key={to}
            component={Link}
            to={to}
            label={label}
            active={pathname === to}
            aria-current={pathname === to ? 'page' : undefined}
            w="max-content"
          />
        ))}
      </Group>
      <Outlet />
    </Stack>
  );
}
