import { Breadcrumbs, Group, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { LeaveGuard } from '../../components/leave-guard.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { DeviceStatusBadge } from '../../components/status-badge.tsx';
import { When } from '../../components/when.tsx';
import { useLiveEvents } from '../../live/live.tsx';
import { CloneAlert } from './clone-alert.tsx';
import { Commands } from './commands.tsx';
import { DeviceActions } from './device-actions.tsx';
import { Facts } from './facts.tsx';
import { type ShadowEdit, ShadowEditor } from './shadow-editor.tsx';
import { Timeline } from './timeline.tsx';
import type { DeviceTab } from './tabs.ts';
import { TextLink } from '../../components/text-link.tsx';

const here = getRouteApi('/signed-in/devices/$deviceId');

const tabs: readonly (readonly [DeviceTab, string])[] = [
  ['facts', 'Facts'],
  ['shadow', 'Shadow'],
  ['commands', 'Commands'],
  ['timeline', 'Timeline'],
];

/** One device: what it is, what happened to it, and what can be done with it. */
export function DevicePage(): ReactNode {
  const { deviceId } = here.useParams();
  const queries = useQueryClient();
  const device = api.useQuery('get', '/api/v1/devices/{id}', { params: { path: { id: deviceId } } });
  useLiveEvents(['device.', 'shadow.'], (event) => {
    if (event.object !== deviceId) return;
    // All that is shown of this device.
    void queries.invalidateQueries({
      predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(deviceId),
    });
  });
  if (device.data !== undefined) return <Known device={device.data} key={deviceId} />;
  return (
    <Page title="Device">
      <ProblemAlert error={device.error} onRetry={() => void device.refetch()} />
      {device.error === null ? (
        <Stack aria-busy>
          <Skeleton height={28} width={260} />
          <Skeleton height={180} />
        </Stack>
      ) : (
        <TextLink to="/devices">All devices</TextLink>
      )}
    </Page>
  );
}

function Known({ device }: { readonly device: Schema<'Device'> }): ReactNode {
  const { tab = 'facts' } = here.useSearch();
  const navigate = here.useNavigate();
  const [isDeleted, setDeleted] = useState(false);
  const [edit, setEdit] = useState<ShadowEdit | undefined>(undefined);
  const { device_id: id } = device;
  if (isDeleted) return <Gone device={device} />;
  return (
    <Page
      title={device.name ?? id}
      description={
        <Group gap="xs" component="span">
          <Text component="span" ff="monospace" size="sm">
            {id}
          </Text>
          <CopyButton text={id} label="Copy the device id">
            Copy
          </CopyButton>
        </Group>
      }
      actions={<DeviceActions device={device} onDeleted={() => setDeleted(true)} />}
    >
      <Breadcrumbs component="nav" aria-label="Where this is">
        <TextLink to="/devices">Devices</TextLink>
        <Text aria-current="page">{device.name ?? id}</Text>
      </Breadcrumbs>
      <Group gap="xs" role="status">
        <DeviceStatusBadge status={device.status} />
        {device.status_since === null ? null : (
          <Text c="dimmed">
            since <When at={device.status_since} as="exact" /> (<When at={device.status_since} />)
          </Text>
        )}
      </Group>
      <LeaveGuard active={edit !== undefined} title="Leave without saving?">
        Your edit of the desired state is not saved. It is on this page and nowhere else.
      </LeaveGuard>
      <CloneAlert device={device} />
      <Tabs
        value={tab}
        onChange={(next) =>
          void navigate({ search: next === 'facts' ? {} : { tab: next as DeviceTab }, replace: true })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {tabs.map(([value, words]) => (
            <Tabs.Tab key={value} value={value}>
              {value === 'shadow' && edit !== undefined ? `${words} (not saved)` : words}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="facts">
          <Facts device={device} />
        </Tabs.Panel>
        <Tabs.Panel value="shadow">
          <ShadowEditor deviceId={id} edit={edit} onEdit={setEdit} />
        </Tabs.Panel>
        <Tabs.Panel value="commands">
          <Commands device={device} />
        </Tabs.Panel>
        <Tabs.Panel value="timeline">
          <Timeline deviceId={id} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Gone({ device }: { readonly device: Schema<'Device'> }): ReactNode {
  return (
    <Page title="Deleted">
      <Text role="status">
        {device.name ?? device.device_id} was deleted. Its key works no longer; it needs a new code on site.
      </Text>
      <TextLink to="/devices">All devices</TextLink>
    </Page>
  );
}
