import { Button, SegmentedControl, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { IconPlus, IconRouter } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api } from '../../api/client.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useLiveEvents } from '../../live/live.tsx';
import { useMay } from '../../session/use-session.ts';
import { addDeviceAddress } from '../../shell/navigation.ts';
import { Clones, Incidents, Keys } from './attention.tsx';
import { Fleet, Versions } from './fleet.tsx';
import { Failures, Onboarding } from './onboarding.tsx';
import { isWindow, type Overview, type Window, windowWords } from './search.ts';
import { useSoon } from '../../live/use-soon.ts';

const route = getRouteApi('/signed-in/overview');

/** The fleet at a glance, as it is now. */
export function OverviewPage(): ReactNode {
  const { window = '24h' } = route.useSearch();
  const query = api.useQuery(
    'get',
    '/api/v1/overview',
    { params: { query: { window } } },
    { placeholderData: keepPreviousData },
  );
  const queries = useQueryClient();
  const look = useSoon(() => {
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/overview'] });
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/alert-incidents'] });
  });
  useLiveEvents(['device.', 'code.', 'alert.'], look);
  return (
    <Page title="Overview" actions={<WindowSwitch window={window} />}>
      <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
      {query.data === undefined ? (
        query.error === null ? (
          <Loading />
        ) : null
      ) : (
        <Shown overview={query.data} window={window} isStale={query.isPlaceholderData} />
      )}
    </Page>
  );
}

function WindowSwitch({ window }: { readonly window: Window }): ReactNode {
  const navigate = useNavigate();
  return (
    <SegmentedControl
      aria-label="Onboarding and failures of the last"
      value={window}
      data={Object.entries(windowWords).map(([value, label]) => ({ value, label }))}
      onChange={(value) => {
        if (!isWindow(value)) return;
        void navigate({ to: '/overview', search: value === '24h' ? {} : { window: value }, replace: true });
      }}
    />
  );
}

function Loading(): ReactNode {
  return (
    <Stack aria-busy>
      <Text className="visually-hidden" role="status">
        Loading
      </Text>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Skeleton height={260} />
        <Skeleton height={260} />
      </SimpleGrid>
      <Skeleton height={180} />
    </Stack>
  );
}

interface ShownProps {
  readonly overview: Overview;
  readonly window: Window;
  /** Of another window, while this one is read. */
  readonly isStale: boolean;
}

function Shown({ isStale, overview, window }: ShownProps): ReactNode {
  if (
    overview.devices.total === 0 &&
    overview.onboarding.codes_made === 0 &&
    overview.failures.length === 0
  ) {
    return <NoDevices />;
  }
  return (
    <Stack gap="md" aria-busy={isStale}>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Fleet devices={overview.devices} />
        <Stack gap="md">
          <Onboarding onboarding={overview.onboarding} window={window} />
          <Incidents />
        </Stack>
      </SimpleGrid>
      <Failures failures={overview.failures} failures_more={overview.failures_more} window={window} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Keys keys={overview.keys} cannot_rotate={overview.cannot_rotate} />
        <Stack gap="md">
          <Versions devices={overview.devices} versions={overview.versions} />
          <Clones clones={overview.clones} />
        </Stack>
      </SimpleGrid>
    </Stack>
  );
}

function NoDevices(): ReactNode {
  const canAdd = useMay('operator');
  return (
    <EmptyState
      icon={IconRouter}
      title="No devices yet"
      action={
        canAdd ? (
          <Button component={Link} to={addDeviceAddress} leftSection={<IconPlus size={16} aria-hidden />}>
            Add a device
          </Button>
        ) : null
      }
    >
      Make a code and put it on a device; it comes online by itself. Then this page shows how many devices are
      online, where onboarding fails and why, and which keys run out.
    </EmptyState>
  );
}
