import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { CodeRow, CredentialRow, DeviceRow, ShadowRow } from '../../apps/cloud/src/storage/tables.ts';

type Code = Pick<
  CodeRow,
  | 'id'
  | 'state'
  | 'target_device_id'
  | 'used_device_id'
  | 'used_credential_id'
  | 'claimant_hash'
  | 'server_key_id'
  | 'answer_expires_at_ms'
>;
type Device = Pick<DeviceRow, 'id' | 'lifecycle' | 'origin' | 'code_id' | 'presence' | 'session_epoch'>;
type Credential = Pick<
  CredentialRow,
  'id' | 'device_id' | 'key_hash' | 'state' | 'origin' | 'expires_at_ms' | 'authenticated_at_ms'
>;

type Shadow = { readonly id: string } & Pick<ShadowRow, 'version' | 'desired' | 'reported'>;

export interface Change<Row> {
  readonly before: Row | undefined;
  readonly after: Row;
}

/** What one commit has changed. */
export interface CommitChanges {
  readonly codes: readonly Change<Code>[];
  readonly devices: readonly Change<Device>[];
  readonly credentials: readonly Change<Credential>[];
  /** Text of the rows that have been added. */
  readonly events: readonly string[];
  readonly audit: readonly string[];
}

const columns = {
  provisioning_codes:
    'id, state, target_device_id, used_device_id, used_credential_id, claimant_hash, server_key_id, answer_expires_at_ms',
  devices: 'id, lifecycle, origin, code_id, presence, session_epoch',
  credentials: 'id, device_id, key_hash, state, origin, expires_at_ms, authenticated_at_ms',
  shadows: 'device_id as id, version, desired, reported',
} as const;

/** What names a row. */
const keyOf = (table: Watched): string => (table === 'shadows' ? 'device_id' : 'id');

type Watched = keyof typeof columns;

/** Statements of one connection, prepared before its faults are put in place. */
interface Statements {
  readonly touched: StatementSync;
  readonly forget: StatementSync;
  readonly read: Readonly<Record<Watched, StatementSync>>;
  readonly all: Readonly<Record<Watched, StatementSync>>;
  readonly events: StatementSync;
  readonly audit: StatementSync;
}

/**
 * What is durable in the cloud's database, kept up to date commit by commit. Temporary triggers of the connection
 * note which rows were written, so that only those are read: looking at a commit costs what the commit changed.
 */
export class RegistryMirror {
  readonly codes = new Map<string, Code>();
  readonly devices = new Map<string, Device>();
  readonly credentials = new Map<string, Credential>();
  /** By the device. */
  readonly shadows = new Map<string, Shadow>();
  /** By the hash of the key. */
  readonly keys = new Map<string, Credential>();
  readonly #byDevice = new Map<string, Credential[]>();
  readonly #statements = new WeakMap<DatabaseSync, Statements>();
  #lastEvent = 0;
  #lastAudit = 0;

  /** @returns what differs between this connection's rows and the mirror: nothing, unless something was lost. */
  open(raw: DatabaseSync): string | undefined {
    raw.exec(`create temp table touched (name text, id text, primary key (name, id)) without rowid`);
    for (const table of Object.keys(columns) as Watched[]) {
      for (const event of ['insert', 'update', 'delete']) {
        raw.exec(`create temp trigger touched_${table}_${event} after ${event} on main.${table} begin
          insert or ignore into touched values ('${table}', ${event === 'delete' ? 'old' : 'new'}.${keyOf(table)}); end`);
      }
    }
    const statements = prepare(raw);
    this.#statements.set(raw, statements);
    return this.#compare(statements);
  }

  /** Reads what the commit that has just happened has changed. */
  follow(raw: DatabaseSync): CommitChanges {
    const statements = this.#statements.get(raw);
    if (statements === undefined) throw new Error('the connection is not being watched');
    const touched = statements.touched.all() as { name: Watched; id: string }[];
    if (touched.length > 0) statements.forget.run();
    const idsOf = (table: Watched): string =>
      JSON.stringify(touched.filter(({ name }) => name === table).map(({ id }) => id));
    const rows = <Row>(table: Watched): Row[] =>
      touched.some(({ name }) => name === table)
        ? (statements.read[table].all(idsOf(table)) as unknown as Row[])
        : [];
    const events = statements.events.all(this.#lastEvent) as { sequence: number; text: string }[];
    const audit = statements.audit.all(this.#lastAudit) as { sequence: number; text: string }[];
    for (const shadow of rows<Shadow>('shadows')) this.shadows.set(shadow.id, shadow);
    this.#lastEvent = events.at(-1)?.sequence ?? this.#lastEvent;
    this.#lastAudit = audit.at(-1)?.sequence ?? this.#lastAudit;
    return {
      codes: rows<Code>('provisioning_codes').map((row) => replace(this.codes, row)),
      devices: rows<Device>('devices').map((row) => replace(this.devices, row)),
      credentials: rows<Credential>('credentials').map((row) => this.#replaceCredential(row)),
      events: events.map(({ text }) => text),
      audit: audit.map(({ text }) => text),
    };
  }

  /** The credentials of a device that have not ended. */
  living(deviceId: string): readonly Credential[] {
    return (this.#byDevice.get(deviceId) ?? []).filter(({ state }) => state !== 'ended');
  }

  #replaceCredential(row: Credential): Change<Credential> {
    const change = replace(this.credentials, row);
    this.keys.set(row.key_hash, row);
    const others = (this.#byDevice.get(row.device_id) ?? []).filter(({ id }) => id !== row.id);
    this.#byDevice.set(row.device_id, [...others, row]);
    return change;
  }

  #compare(statements: Statements): string | undefined {
    const tables: readonly (readonly [Watched, ReadonlyMap<string, object>])[] = [
      ['provisioning_codes', this.codes],
      ['devices', this.devices],
      ['credentials', this.credentials],
      ['shadows', this.shadows],
    ];
    for (const [table, known] of tables) {
      const rows = statements.all[table].all() as { id: string }[];
      if (known.size > rows.length) return `${table} has ${rows.length} rows, ${known.size} were committed`;
      for (const row of rows) {
        const before = known.get(row.id);
        if (before !== undefined && JSON.stringify(before) !== JSON.stringify(row)) {
          return `${table} ${row.id} is not as it was committed`;
        }
      }
    }
    return undefined;
  }
}

function prepare(raw: DatabaseSync): Statements {
  const each = (sql: (table: Watched) => string): Record<Watched, StatementSync> => ({
    provisioning_codes: raw.prepare(sql('provisioning_codes')),
    devices: raw.prepare(sql('devices')),
    credentials: raw.prepare(sql('credentials')),
    shadows: raw.prepare(sql('shadows')),
  });
  return {
    touched: raw.prepare('select name, id from temp.touched'),
    forget: raw.prepare('delete from temp.touched'),
    read: each(
      (table) =>
        `select ${columns[table]} from ${table} where ${keyOf(table)} in (select value from json_each(?))`,
    ),
    all: each((table) => `select ${columns[table]} from ${table}`),
    events: raw.prepare(`select sequence, type || ' ' || object_id || ' ' || data as text from events
      where sequence > ? order by sequence`),
    audit: raw.prepare(`select sequence, actor_kind || ' ' || actor_id || ' ' || action || ' ' ||
      coalesce(object_id, '') || ' ' || coalesce(reason, '') || ' ' || detail as text from audit_log
      where sequence > ? order by sequence`),
  };
}

function replace<Row extends { readonly id: string }>(rows: Map<string, Row>, row: Row): Change<Row> {
  const before = rows.get(row.id);
  rows.set(row.id, row);
  return { before, after: row };
}
