import { Paper, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { When } from '../../components/when.tsx';
import { Definitions } from './definitions.tsx';
import { Notes } from './notes.tsx';
import { PresenceHistory } from './presence-history.tsx';
import type { NotesEditing } from './use-notes-edit.ts';
import { closeReasonInWords, keyWords } from './words.ts';

type Device = Schema<'Device'>;

/** Names of what devices tell of themselves; what has none here is shown under its own. */
const names: Readonly<Record<string, string>> = {
  board_model: 'Board',
  cpu_cores: 'Processor cores',
  cpu_model: 'Processor',
  ram_mb: 'Memory (MB)',
  os: 'System',
  os_name: 'Distribution',
  os_version: 'System version',
  arch: 'Architecture',
  kernel: 'Kernel',
  serial_number: 'Serial number',
  agent_version: 'Agent',
  machine_id: 'Machine id',
  machine_id_hash: 'Machine (hash)',
  virtualization: 'Virtual machine',
  container: 'Container',
  hostname: 'Host name',
  ip_address: 'Address on site',
  mac_address: 'MAC address',
  connection_type: 'Connection',
};

export interface FactsProps {
  readonly device: Device;
  readonly notes: NotesEditing;
}

export function Facts({ device, notes }: FactsProps): ReactNode {
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Card title="Connection">
          <Definitions
            rows={[
              ['Last seen', <When key="seen" at={device.last_seen_at} missing="Never" />],
              ['Last address', device.last_address],
              [
                'Last disconnected because',
                device.last_close_reason === null ? null : closeReasonInWords(device.last_close_reason),
              ],
              ['Agent', device.agent_version],
              ['Registered', <When key="made" at={device.created_at} as="exact" />],
              [
                'By',
                device.origin === 'code' ? 'a provisioning code' : 'an operator, with a key made beforehand',
              ],
              ['Group', device.group],
              ['Tags', device.tags.length === 0 ? null : device.tags.join(', ')],
            ]}
          />
        </Card>
        <Card title="Credentials">
          <Credentials device={device} />
        </Card>
        <Card title="Hardware">
          <Told of={device.hardware_info} />
        </Card>
        <Card title="Network">
          <Told of={device.network_info} />
        </Card>
      </SimpleGrid>
      <Card title="Presence, the last seven days">
        <PresenceHistory deviceId={device.device_id} />
      </Card>
      <Card title="Notes and location">
        <Notes deviceId={device.device_id} editing={notes} />
      </Card>
    </Stack>
  );
}

function Card({ children, title }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Title order={2} mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

function Credentials({ device }: { readonly device: Device }): ReactNode {
  const { key } = device;
  if (key === null)
    return <Text>No key of this device can authenticate any more. Provision it again with a code.</Text>;
  return (
    <Definitions
      rows={[
        ['Key id', <code key="id">{key.id}</code>],
        ['Made', <When key="made" at={key.created_at} as="exact" />],
        ['First used', <When key="used" at={key.first_used_at} as="exact" missing="Not yet" />],
        ['Expires', <When key="ends" at={key.expires_at} as="exact" />],
        ['Last rotated', <When key="rotated" at={key.last_rotated_at} as="exact" missing="Never" />],
        ['Rotation', keyWords(key)],
      ]}
    />
  );
}

function Told({ of }: { readonly of: Readonly<Record<string, unknown>> }): ReactNode {
  const known = Object.keys(names);
  const rank = (name: string): number => (known.includes(name) ? known.indexOf(name) : known.length);
  const rows = Object.entries(of)
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .map(([name, value]) => [names[name] ?? name, inWords(value)] as const);
  if (rows.length === 0) return <Text c="dimmed">The device has told nothing.</Text>;
  return <Definitions rows={rows} />;
}

function inWords(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return new Intl.NumberFormat().format(value);
  return JSON.stringify(value);
}
