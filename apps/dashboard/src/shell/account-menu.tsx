import { ActionIcon, type MantineColorScheme, Menu, Text, useMantineColorScheme } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import {
  IconCheck,
  IconDeviceDesktop,
  IconLogout,
  IconMoon,
  IconSun,
  IconUserCircle,
  type IconProps,
} from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import { useSession } from '../session/use-session.ts';
import { useSignOut } from '../session/use-sign-out.tsx';
import { menuInLandmark } from './menus.ts';

const schemes: readonly (readonly ['light' | 'dark' | 'auto', string, ComponentType<IconProps>])[] = [
  ['light', 'Light', IconSun],
  ['dark', 'Dark', IconMoon],
  ['auto', 'As the system', IconDeviceDesktop],
];

/** Who is signed in, and what is theirs. */
export function AccountMenu(): ReactNode {
  const { principal, role } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { question, signOut } = useSignOut();
  return (
    <>
      <Menu position="bottom-end" width={240} {...menuInLandmark}>
        <Menu.Target>
          <ActionIcon variant="subtle" size="lg" aria-label={`Account: ${principal.name}`}>
            <IconUserCircle size={22} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            <Text fw={600} truncate>
              {principal.name}
            </Text>
            <Text size="xs">{principal.email === null ? role : `${principal.email} · ${role}`}</Text>
          </Menu.Label>
          <Menu.Item component={Link} to="/account">
            Your account
          </Menu.Item>
          {principal.kind === 'user' ? (
            <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={signOut}>
              Sign out
            </Menu.Item>
          ) : null}
          <Menu.Divider />
          <Menu.Label>Appearance</Menu.Label>
          <Menu.RadioGroup
            value={colorScheme}
            onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}
          >
            {schemes.map(([scheme, label, Icon]) => (
              <Menu.RadioItem
                key={scheme}
                value={scheme}
                closeMenuOnClick
                checkIcon={<IconCheck size={16} aria-hidden />}
                rightSection={<Icon size={16} aria-hidden />}
              >
                {label}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
        </Menu.Dropdown>
      </Menu>
      {question}
    </>
  );
}
