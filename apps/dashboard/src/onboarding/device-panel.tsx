import { Button, Group, Stack, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api } from '../api/client.ts';
import { DeviceStatusBadge } from '../components/status-badge.tsx';
import { useLiveEvents } from '../live/live.tsx';
import classes from './onboarding.module.css';

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
  const { data } = api.useQuery('get', '/api/v1/devices/{id}/status', init);
  const { queryKey } = api.queryOptions('get', '/api/v1/devices/{id}/status', init);
  useLiveEvents(['device.'], ({ object }) => {
    if (object === deviceId) void queries.invalidateQueries({ queryKey });
  });
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
          <Button size="compact-md" variant="default" onClick={onAddAnother}>
            Add another
          </Button>
        </Group>
      </Stack>
    </section>
  );
}
