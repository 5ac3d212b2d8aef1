import { Button, Group, Stack, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api } from '../api/client.ts';
import { DeviceStatusBadge } from '../components/status-badge.tsx';
import { ProblemAlert } from '../components/problem-alert.tsx';
import { useLiveEvents, useLiveState } from '../live/live.tsx';
import { useMay } from '../session/use-session.ts';
import classes from './onboarding.module.css';
import { Paused } from './panel.tsx';
import { pollMs } from './use-onboarding.ts';

/** Whether a device whose credentials were made beforehand has come. */
export function DevicePanel({
  deviceId,
  onAddAnother,
}: {
  readonly deviceId: string;
  readonly onAddAnother: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const init = { params: { path: { id: deviceId } } };
  const live = useLiveState();
  const mayAdd = useMay('operator');
  const query = api.useQuery('get', '/api/v1/devices/{id}/status', init, {
    refetchInterval: live === 'live' ? false : pollMs,
  });
  const { data, error } = query;
  const { queryKey } = api.queryOptions('get', '/api/v1/devices/{id}/status', init);
  useLiveEvents(['device.'], ({ object }) => {
    if (object === deviceId) void queries.invalidateQueries({ queryKey });
  });
  if (data === undefined && error !== null) {
    return (
      <section className={classes['panel']} aria-label="Progress" data-tone="quiet">
        <ProblemAlert error={error} onRetry={() => void query.refetch()} />
      </section>
    );
  }
  const connected = data?.connected === true;
  const says = connected ? `${deviceId} is online.` : 'Waiting for the device to connect. No code is needed.';
  return (
    <section className={classes['panel']} aria-label="Progress" data-tone={connected ? 'good' : 'calm'}>
      <p className="visually-hidden" role="status">
        {says}
      </p>
      <Stack gap="xs">
        <Title order={2} className={classes['headline']}>
          {says}
        </Title>
        <Group gap="xs">
          {data === undefined ? null : <DeviceStatusBadge status={data.status} />}
          {connected ? (
            <Button size="compact-md" component={Link} to={`/devices/${deviceId}`}>
              Open
            </Button>
          ) : null}
          {mayAdd ? (
            <Button size="compact-md" variant="default" onClick={onAddAnother}>
              Add another
            </Button>
          ) : null}
        </Group>
        <Paused />
      </Stack>
    </section>
  );
}
