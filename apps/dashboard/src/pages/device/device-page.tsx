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
import { useCommands } from './use-commands.ts';
import { useNotesEdit } from './use-notes-edit.ts';
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
  const [isDeleted, setDeleted] = useState(false);
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
      <Standing device={device} />
      <CloneAlert device={device} />
      <Parts device={device} />
    </Page>
  );
}

interface PartProps {
  readonly device: Schema<'Device'>;
}

/** What it is now. How long ago is beside what is read out, which would be read anew each minute. */
function Standing({ device: { status, status_since: since } }: PartProps): ReactNode {
  return (
    <Group gap={4}>
      <Group gap="xs" role="status">
        <DeviceStatusBadge status={status} />
        {since === null ? null : (
          <Text c="dimmed">
            since <When at={since} as="exact" />
          </Text>
        )}
      </Group>
      {since === null ? null : (
        <Text c="dimmed">
          (<When at={since} />)
        </Text>
      )}
    </Group>
  );
}

/** Its tabs. What is typed or awaited in one of them is kept here, so that it outlives a look at another. */
function Parts({ device }: PartProps): ReactNode {
  const { device_id: id } = device;
  const { tab = 'facts' } = here.useSearch();
  const navigate = here.useNavigate();
  const [edit, setEdit] = useState<ShadowEdit | undefined>(undefined);
  const notes = useNotesEdit(id);
  const commands = useCommands(id);
  const marks: Partial<Record<DeviceTab, string>> = {
    ...(notes.isUnsaved ? { facts: ' (not saved)' } : {}),
    ...(edit === undefined ? {} : { shadow: ' (not saved)' }),
    ...(commands.running === undefined ? {} : { commands: ' (waits for an answer)' }),
  };
  const unsaved = [
    ...(edit === undefined ? [] : ['Your edit of the desired state']),
    ...(notes.isUnsaved ? ['Your edit of the notes'] : []),
  ];
  return (
    <>
      <LeaveGuard active={unsaved.length > 0} title="Leave without saving?">
        {unsaved.map((what) => `${what} is not saved.`).join(' ')} It is on this page and nowhere else.
      </LeaveGuard>
      <Tabs
        value={tab}
        onChange={(next) =>
          void navigate({ search: next === 'facts' ? {} : { tab: next as DeviceTab }, replace: true })
        }
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {tabs.map(([value, words]) => (
            <Tabs.Tab key={value} value={value}>{`${words}${marks[value] ?? ''}`}</Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="facts">
          <Facts device={device} notes={notes} />
        </Tabs.Panel>
        <Tabs.Panel value="shadow">
          <ShadowEditor deviceId={id} edit={edit} onEdit={setEdit} />
        </Tabs.Panel>
        <Tabs.Panel value="commands">
          <Commands device={device} commands={commands} />
        </Tabs.Panel>
        <Tabs.Panel value="timeline">
          <Timeline deviceId={id} />
        </Tabs.Panel>
      </Tabs>
    </>
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
