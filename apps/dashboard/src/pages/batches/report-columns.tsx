import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import type { Column } from '../../components/data-table.tsx';
import { CodeStatusBadge, DeviceStatusBadge } from '../../components/status-badge.tsx';
import { When } from '../../components/when.tsx';
import { TextLink } from '../../components/text-link.tsx';

type Row = Schema<'BatchReportRow'>;

export const reportColumns: readonly Column<Row>[] = [
  { key: 'row', header: 'Row', cell: ({ row }) => row },
  { key: 'name', header: 'Device', cell: (row) => <Named row={row} /> },
  {
    key: 'code',
    header: 'Code',
    cell: ({ code }) => (code === null ? 'Being made' : <CodeStatusBadge status={code.status} />),
  },
  { key: 'device', header: 'State', cell: ({ device }) => <State device={device} /> },
  { key: 'used', header: 'Redeemed', cell: ({ code }) => <Used code={code} /> },
  { key: 'failed', header: 'Refused', cell: ({ code }) => <Refused code={code} /> },
];

function Named({ row }: { readonly row: Row }): ReactNode {
  const bound = [row.serial_number, row.mac_address].filter((one) => one !== null).join(' · ');
  return (
    <Stack gap={0}>
      <Text size="sm">{row.name ?? row.device?.name ?? '–'}</Text>
      {bound === '' ? null : (
        <Text size="xs" c="dimmed" ff="monospace">
          {bound}
        </Text>
      )}
    </Stack>
  );
}

function State({ device }: Pick<Row, 'device'>): ReactNode {
  if (device === null) return '–';
  return (
    <Stack gap={0} align="flex-start">
      <DeviceStatusBadge status={device.status} />
      <TextLink to="/devices/$deviceId" params={{ deviceId: device.id }}>
        {device.id}
      </TextLink>
    </Stack>
  );
}

function Used({ code }: Pick<Row, 'code'>): ReactNode {
  if (code === null || code.used_at === null) return '–';
  return (
    <>
      <When at={code.used_at} /> from {code.used_from}
    </>
  );
}

function Refused({ code }: Pick<Row, 'code'>): ReactNode {
  if (code === null || code.failed_attempts === 0) return '–';
  return (
    <TextLink to="/audit-log" search={{ object: code.id, outcome: 'failure' }}>
      {`${String(code.failed_attempts)}: ${code.last_failed_reason ?? ''}`}
    </TextLink>
  );
}
