import { Badge, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import type { Column } from '../../components/data-table.tsx';
import { DeviceStatusBadge, StatusBadge } from '../../components/status-badge.tsx';
import { When } from '../../components/when.tsx';
import { TextLink } from '../../components/text-link.tsx';

type Device = Schema<'Device'>;

/** Tags shown in a row; the page of the device shows all. */
const tagsShownMax = 3;

export const deviceColumns: readonly Column<Device>[] = [
  { key: 'name', header: 'Device', cell: (device) => <Name device={device} /> },
  { key: 'status', header: 'Status', cell: (device) => <Status device={device} /> },
  { key: 'seen', header: 'Last seen', cell: ({ last_seen_at: at }) => <When at={at} missing="Never" /> },
  { key: 'group', header: 'Group', cell: ({ group }) => group ?? '–' },
  { key: 'tags', header: 'Tags', cell: ({ tags }) => <Tags tags={tags} /> },
  {
    key: 'board',
    header: 'Board',
    wideOnly: true,
    cell: (device) => textOf(device.hardware_info['board_model']),
  },
  { key: 'version', header: 'Version', wideOnly: true, cell: ({ agent_version: version }) => version ?? '–' },
];

function Name({ device }: { readonly device: Device }): ReactNode {
  const { device_id: id, name, network_info: network } = device;
  const called = name ?? (typeof network['hostname'] === 'string' ? network['hostname'] : id);
  return (
    <Stack gap={0}>
      <TextLink to="/devices/$deviceId" params={{ deviceId: id }} fw={600}>
        {called}
      </TextLink>
      {called === id ? null : (
        <Text size="xs" c="dimmed" ff="monospace">
          {id}
        </Text>
      )}
    </Stack>
  );
}

function Status({ device }: { readonly device: Device }): ReactNode {
  return (
    <Group gap={6}>
      <DeviceStatusBadge status={device.status} />
      {device.clone_suspected_at === null ? null : <StatusBadge tone="bad">Two use it</StatusBadge>}
    </Group>
  );
}

function Tags({ tags }: { readonly tags: readonly string[] }): ReactNode {
  if (tags.length === 0) return '–';
  const more = tags.length - tagsShownMax;
  return (
    <Group gap={4}>
      {tags.slice(0, tagsShownMax).map((tag) => (
        <Badge key={tag} variant="default" tt="none" fw={500}>
          {tag}
        </Badge>
      ))}
      {more > 0 ? <Text size="xs">+{more}</Text> : null}
    </Group>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : '–';
}
