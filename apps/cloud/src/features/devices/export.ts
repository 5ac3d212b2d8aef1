import type { Readable } from 'node:stream';
import type { Device, DeviceFilter } from '@edgeflow/contract';
import { sql } from 'kysely';
import { type CsvCell, csvStream } from '../../http/csv.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import { livingCredentials } from '../credentials/index.ts';
import { type ScanSource, slicesOf } from './scan.ts';
import type { ScanTurns } from './scan-turns.ts';
import { type LivePresence, viewDevice } from './view.ts';

/** Devices in memory at a time, however many there are. */
const rowsAtOnce = 500;

const columns: readonly (readonly [name: string, value: (device: Device) => unknown])[] = [
  ['device_id', (device) => device.device_id],
  ['name', (device) => device.name],
  ['status', (device) => device.status],
  ['status_since', (device) => device.status_since],
  ['group', (device) => device.group],
  ['tags', (device) => device.tags.join('; ')],
  ['board_model', (device) => device.hardware_info['board_model']],
  ['serial_number', (device) => device.hardware_info['serial_number']],
  ['mac_address', (device) => device.network_info['mac_address']],
  ['hostname', (device) => device.network_info['hostname']],
  ['ip_address', (device) => device.network_info['ip_address']],
  ['agent_version', (device) => device.agent_version],
  ['created_at', (device) => device.created_at],
  ['last_seen_at', (device) => device.last_seen_at],
  ['last_address', (device) => device.last_address],
  ['last_close_reason', (device) => device.last_close_reason],
  ['key_id', (device) => device.key?.id],
  ['key_expires_at', (device) => device.key?.expires_at],
];

export interface ExportOptions {
  readonly source: ScanSource;
  readonly turns: ScanTurns;
  readonly organizationId: string;
  readonly filter: DeviceFilter;
  readonly live: LivePresence;
}

/** All devices that match as CSV, newest first, read as fast as they are taken. Destroyed, it reads no more. */
export function exportDevices(options: ExportOptions): Readable {
  return csvStream(
    columns.map(([name]) => name),
    pagesOf(options),
  );
}

async function* pagesOf(options: ExportOptions): AsyncGenerator<CsvCell[][]> {
  const { filter, live, organizationId, source, turns } = options;
  const { database } = source;
  const slices = slicesOf(source, { organizationId, filter }, rowsAtOnce);
  try {
    for (;;) {
      const page = await turns.run(async () => {
        const slice = await slices.next();
        if (slice.done === true) return undefined;
        const { rows } = await sql<DeviceRow>`select * from devices where ${slice.value}
          order by created_at_ms desc, id desc`.execute(database.db);
        const ids = rows.map(({ id }) => id);
        const credentials = Map.groupBy(await livingCredentials(database, ids), (one) => one.device_id);
        return rows.map((row) => cells(viewDevice(row, credentials.get(row.id) ?? [], live)));
      });
      if (page === undefined) return;
      if (page.length > 0) yield page;
    }
  } finally {
    await slices.return(undefined);
  }
}

function cells(device: Device): CsvCell[] {
  return columns.map(([, value]) => {
    const cell = value(device);
    return typeof cell === 'string' ? cell : null;
  });
}
