import { AppShell, Burger, Button, Group, NavLink, ScrollArea, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { IconPlus } from '@tabler/icons-react';
import { type ReactNode, useEffect } from 'react';
import { LiveProvider } from '../live/live.tsx';
import { useSession } from '../session/use-session.ts';
import { AccountMenu } from './account-menu.tsx';
import { LiveIndicator } from './live-indicator.tsx';
import { Mark } from './mark.tsx';
import { addDeviceAddress, navigation } from './navigation.ts';
import { signInAddress } from './sign-in-address.ts';
import classes from './shell.module.css';

const mainId = 'main';

/** The frame around every page of somebody who is signed in. */
export function Shell(): ReactNode {
  const navigate = useNavigate();
  const { href } = useLocation();
  return (
    <LiveProvider onSignedOut={() => void navigate({ href: signInAddress(href) })}>
      <Frame />
    </LiveProvider>
  );
}

function Frame(): ReactNode {
  const [opened, { close, toggle }] = useDisclosure(false);
  const { pathname } = useLocation();
  useEffect(close, [pathname, close]);
  return (
    <>
      <a className={classes['skip']} href={`#${mainId}`}>
        Skip to content
      </a>
      <AppShell
        header={{ height: 52 }}
        navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !opened } }}
        padding={{ base: 'sm', sm: 'lg' }}
      >
        <AppShell.Header className={classes['header']}>
          <Group h="100%" px="sm" gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label="Navigation"
              aria-expanded={opened}
            />
            <Link to="/" className={classes['brand']} aria-label="EdgeFlow, to the start">
              <Mark />
              <span>EdgeFlow</span>
            </Link>
            <OrganizationName />
            <Group ml="auto" gap="xs" wrap="nowrap">
              <LiveIndicator />
              <AccountMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs" className={classes['navbar']} aria-label="Pages">
          <Navigation />
        </AppShell.Navbar>
        <AppShell.Main id={mainId} tabIndex={-1} className={classes['main']}>
          <div className={classes['content']}>
            <Outlet />
          </div>
        </AppShell.Main>
      </AppShell>
    </>
  );
}

function OrganizationName(): ReactNode {
  const { organization } = useSession();
  return (
    <Text c="dimmed" truncate visibleFrom="xs" className={classes['organization']} title={organization.name}>
      {organization.name}
    </Text>
  );
}

function Navigation(): ReactNode {
  const { pathname } = useLocation();
  return (
    <Stack gap="xs" component={ScrollArea}>
      <Button
        component={Link}
        to={addDeviceAddress}
        fullWidth
        mb="xs"
        leftSection={<IconPlus size={16} aria-hidden />}
      >
        Add Device
      </Button>
      {navigation.map(({ icon: Icon, label, to }) => {
        const active = pathname === to || (pathname.startsWith(`${to}/`) && pathname !== addDeviceAddress);
        return (
          <NavLink
            key={to}
            component={Link}
            to={to}
            label={label}
            active={active}
            aria-current={pathname === to ? 'page' : undefined}
            leftSection={<Icon size={18} aria-hidden />}
          />
        );
      })}
    </Stack>
  );
}
