import { AppShell, Box, Burger, Button, Group, NavLink, ScrollArea, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useLocation, useNavigate, useRouter } from '@tanstack/react-router';
import { IconPlus } from '@tabler/icons-react';
import { Fragment, type ReactNode, useCallback, useEffect, useState } from 'react';
import { PageTold } from '../components/page.tsx';
import { LiveProvider } from '../live/live.tsx';
import { whenOtherTabsTell } from '../session/organization.ts';
import { sessionQuery, useMay, useSession } from '../session/use-session.ts';
import { AccountMenu } from './account-menu.tsx';
import { LiveIndicator } from './live-indicator.tsx';
import { Mark } from './mark.tsx';
import { addDeviceAddress, navigation } from './navigation.ts';
import { OrganizationSwitch } from './organization-switch.tsx';
import { PendingPage } from './pages.tsx';
import { leadToSignIn } from './sign-in-address.ts';
import classes from './shell.module.css';

const mainId = 'main';

/** The frame around every page of somebody who is signed in. */
export function Shell(): ReactNode {
  const router = useRouter();
  return (
    <LiveProvider onSignedOut={() => leadToSignIn(router)}>
      <Frame />
    </LiveProvider>
  );
}

function Frame(): ReactNode {
  const [opened, { close, toggle }] = useDisclosure(false);
  const [told, setTold] = useState<string>();
  // The first is the one that the browser says itself, as the title of the window.
  const tell = useCallback((title: string) => setTold((before) => (before === undefined ? '' : title)), []);
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
            <Box visibleFrom="sm" miw={0}>
              <OrganizationSwitch />
            </Box>
            <Group ml="auto" gap="xs" wrap="nowrap">
              <LiveIndicator />
              <AccountMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs" className={classes['navbar']} aria-label="Pages">
          <Box hiddenFrom="sm" pb="sm">
            <OrganizationSwitch />
          </Box>
          <Navigation />
        </AppShell.Navbar>
        <AppShell.Main id={mainId} tabIndex={-1} className={classes['main']}>
          <Text className="visually-hidden" role="status">
            {told}
          </Text>
          <div className={classes['content']}>
            <PageTold value={tell}>
              <OwnPage />
            </PageTold>
          </div>
        </AppShell.Main>
      </AppShell>
    </>
  );
}

/**
 * The page, of the organization of the session and of no other. When that changes, here or in another tab, nothing of the
 * page before stays: what it showed may not even exist there, so the other begins at its first page.
 */
function OwnPage(): ReactNode {
  const { organization } = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [shown, setShown] = useState({ id: organization.id, words: '' });
  const { id, name } = organization;
  const isOther = shown.id !== id;
  useEffect(
    () => whenOtherTabsTell(() => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey })),
    [queries],
  );
  useEffect(() => {
    if (!isOther) return;
    void navigate({ to: '/', ignoreBlocker: true }).finally(() =>
      setShown({ id, words: `This is ${name} now` }),
    );
  }, [isOther, id, name, navigate]);
  return (
    <>
      <Text className="visually-hidden" role="status">
        {shown.words}
      </Text>
      {isOther ? (
        <PendingPage />
      ) : (
        <Fragment key={shown.id}>
          <Outlet />
        </Fragment>
      )}
    </>
  );
}

function Navigation(): ReactNode {
  const { pathname } = useLocation();
  const mayAdd = useMay('operator');
  return (
    <Stack gap="xs" component={ScrollArea}>
      {mayAdd ? (
        <Button
          component={Link}
          to={addDeviceAddress}
          fullWidth
          mb="xs"
          leftSection={<IconPlus size={16} aria-hidden />}
        >
          Add Device
        </Button>
      ) : null}
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
