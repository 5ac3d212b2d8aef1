import type { HardwareInfo, NetworkInfo } from '@edgeflow/contract';
import { sql } from 'kysely';
import { boardModelOf, deviceSearchText } from '../features/devices/index.ts';
import type { Database, Tx } from '../storage/database.ts';
import { insertRows } from '../storage/rows.ts';

const rowsPerTransaction = 2_000;
const secondMs = 1_000;
const keyLifeMs = 365 * 24 * 3600 * secondMs;
const boards = [
  'Raspberry Pi 4 Model B Rev 1.4',
  'Raspberry Pi 5 Model B Rev 1.0',
  'NVIDIA Jetson Orin Nano',
  'Radxa ROCK 5B',
];
const versions = ['1.2.0', '1.1.4', '1.0.9'];
const presences = ['online', 'online', 'online', 'online', 'offline', 'never_connected'] as const;

const columns = {
  id: 'text',
  organization_id: 'text',
  lifecycle: 'text',
  name: 'text',
  tags: 'text',
  device_group: 'text',
  origin: 'text',
  hardware_info: 'text',
  network_info: 'text',
  agent_version: 'text',
  board_model: 'text',
  search_text: 'text',
  created_at_ms: 'bigint',
  lifecycle_changed_at_ms: 'bigint',
  presence: 'text',
  presence_since_ms: 'bigint',
  last_seen_at_ms: 'bigint',
  last_address: 'text',
  last_close_reason: 'text',
  tunnel_history: 'text',
} as const;

const keyColumns = {
  id: 'text',
  organization_id: 'text',
  device_id: 'text',
  key_hash: 'text',
  origin: 'text',
  state: 'text',
  created_at_ms: 'bigint',
  expires_at_ms: 'bigint',
  rotate_after_ms: 'bigint',
  authenticated_at_ms: 'bigint',
} as const;

/**
 * A fleet as it is after a year, straight into the database: `pump 000001` and so on, a second apart, the last one made
 * at `nowMs`. Rows are as wide as real ones.
 */
export async function insertLargeFleet(
  database: Database,
  organizationId: string,
  devices: number,
  nowMs: number,
): Promise<void> {
  for (let from = 0; from < devices; from += rowsPerTransaction) {
    const numbers = Array.from({ length: Math.min(rowsPerTransaction, devices - from) }, (_, i) => from + i);
    await database.transaction((tx) => insertSome(tx, organizationId, devices, nowMs, numbers));
  }
  await sql`update organizations set device_count = device_count + ${devices} where id = ${organizationId}`.execute(
    database.db,
  );
  if (database.kind === 'postgres') await sql`analyze`.execute(database.db);
}

async function insertSome(
  tx: Tx,
  organizationId: string,
  devices: number,
  nowMs: number,
  numbers: readonly number[],
): Promise<void> {
  const rows = numbers.map((n) => deviceRow(organizationId, n, nowMs - (devices - 1 - n) * secondMs));
  const keys = rows.map((row) => ({
    ...{ id: row.id.replace('dev_', 'key_'), organization_id: organizationId, device_id: row.id },
    ...{ key_hash: `hash of ${row.id}`, origin: 'code', state: 'active', created_at_ms: row.created_at_ms },
    ...{ expires_at_ms: row.created_at_ms + keyLifeMs, rotate_after_ms: row.created_at_ms + keyLifeMs },
    authenticated_at_ms: row.created_at_ms,
  }));
  await insertRows(tx, 'devices', columns, rows);
  await insertRows(tx, 'credentials', keyColumns, keys);
}

function deviceRow(organizationId: string, n: number, createdAtMs: number) {
  const number = String(n).padStart(6, '0');
  const id = `dev_${String((n * 7_919) % 1_000_003).padStart(16, '0')}`;
  const name = `pump ${number}`;
  const hardware: HardwareInfo = {
    ...{ board_model: pick(boards, n), cpu_cores: 4, ram_mb: 4096, os: 'linux', arch: 'arm64' },
    ...{
      kernel: '6.1.0-rpi7-rpi-2712',
      serial_number: `10000000${number}`,
      os_version: 'Debian GNU/Linux 12',
    },
    machine_id: number.repeat(5),
  };
  const mac = `dc:a6:32:${number.slice(0, 2)}:${number.slice(2, 4)}:${number.slice(4)}`;
  const network: NetworkInfo = {
    ...{ hostname: `edgeflow-pi-${number}`, ip_address: `10.${String(n % 250)}.0.7`, mac_address: mac },
    connection_type: 'ethernet',
  };
  const presence = pick(presences, n);
  const connected = presence !== 'never_connected';
  return {
    ...{ id, organization_id: organizationId, lifecycle: 'active', name, origin: 'code' },
    tags: JSON.stringify([`hall ${String(n % 50)}`, n % 3 === 0 ? 'north' : 'south']),
    device_group: `site ${String(n % 20)}`,
    hardware_info: JSON.stringify(hardware),
    network_info: JSON.stringify(network),
    agent_version: pick(versions, n),
    board_model: boardModelOf(hardware),
    search_text: deviceSearchText(id, name, hardware, network),
    ...{ created_at_ms: createdAtMs, lifecycle_changed_at_ms: createdAtMs, presence },
    presence_since_ms: connected ? createdAtMs : null,
    last_seen_at_ms: connected ? createdAtMs + ((n * 7_919) % 1_000) * secondMs : null,
    last_address: connected ? '203.0.113.7' : null,
    last_close_reason: presence === 'offline' ? '1001 going away' : null,
    tunnel_history: connected ? JSON.stringify({ processes: [number.repeat(10), number.repeat(10)] }) : null,
  };
}

function pick<T>(values: readonly [T, ...T[]] | readonly T[], n: number): T {
  const value = values[n % values.length];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
}
