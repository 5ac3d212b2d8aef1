import { hash, randomBytes } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { orderedIds } from '@edgeflow/contract';
import { pooled, systemClock, systemRandom } from '@edgeflow/platform';
import { Database } from '../../apps/cloud/src/storage/database.ts';
import { migrate } from '../../apps/cloud/src/storage/migrate.ts';
import { openSqlite } from '../../apps/cloud/src/storage/sqlite.ts';

const organization = 'org_0000000000000000';
const codeLifeMs = 24 * 3600 * 1000;
const keyLifeMs = 365 * 24 * 3600 * 1000;

export interface FloorRegistration {
  readonly provisioning_code: string;
  readonly hardware_info: Readonly<Record<string, unknown>>;
  readonly network_info: Readonly<Record<string, unknown>>;
}

interface Statements {
  readonly useCode: StatementSync;
  readonly device: StatementSync;
  readonly credential: StatementSync;
  readonly audit: StatementSync;
  readonly event: StatementSync;
  readonly organization: StatementSync;
}

/**
 * The rows of a registration and nothing else: the cloud's own schema and settings of SQLite, one prepared statement
 * a row, one transaction a batch. No checks but single use, no derived keys, no request ids.
 */
export class FloorRegistry {
  readonly #raw: DatabaseSync;
  readonly #statements: Statements;

  private constructor(raw: DatabaseSync) {
    this.#raw = raw;
    this.#statements = prepare(raw);
  }

  static async open(path: string): Promise<FloorRegistry> {
    const { kysely, raw } = openSqlite(path);
    await migrate(new Database('sqlite', kysely, systemClock), { raw, path });
    raw
      .prepare('insert into organizations (id, name, created_at_ms) values (?, ?, ?)')
      .run(organization, 'Floor', Date.now());
    return new FloorRegistry(raw);
  }

  makeCodes(count: number): string[] {
    const insert = this.#raw
      .prepare(`insert into provisioning_codes (id, organization_id, code_hash, server_key_id,
      group_count, state, tags, created_at_ms, created_by, expires_at_ms) values (?, ?, ?, ?, 3, 'active', '[]', ?, ?, ?)`);
    const nowMs = Date.now();
    const codes = Array.from({ length: count }, () => `PROV-${randomBytes(6).toString('hex')}`);
    this.#raw.exec('begin immediate');
    for (const code of codes) {
      insert.run(
        ordered('code'),
        organization,
        sha256(code),
        'sk_0000',
        nowMs,
        'tok_bootstrap',
        nowMs + codeLifeMs,
      );
    }
    this.#raw.exec('commit');
    return codes;
  }

  countDevices(): number {
    return Number(this.#raw.prepare('select count(*) as devices from devices').get()?.['devices']);
  }

  /** The answers' bodies, durable when this returns; undefined for a code that is unknown or used. */
  redeem(batch: readonly FloorRegistration[]): (string | undefined)[] {
    const nowMs = Date.now();
    this.#raw.exec('begin immediate');
    const answers = batch.map((registration) => this.#redeemOne(registration, nowMs));
    this.#statements.organization.run(batch.length);
    this.#raw.exec('commit');
    return answers;
  }

  #redeemOne(registration: FloorRegistration, nowMs: number): string | undefined {
    const { hardware_info: hardware, network_info: network, provisioning_code: code } = registration;
    const { audit, credential, device, event, useCode } = this.#statements;
    const deviceId = id('dev_');
    const keyId = ordered('credential');
    const apiKey = `efk_${randomBytes(25).toString('hex').slice(0, 49)}`;
    const expiresMs = Math.floor((nowMs + keyLifeMs) / 1000) * 1000;
    const claimant = sha256(deviceId);
    const used = useCode.run(nowMs, '127.0.0.1', deviceId, keyId, claimant, expiresMs, sha256(code), nowMs);
    if (used.changes !== 1) return undefined;
    const { hostname = '', ip_address: ip = '', mac_address: mac = '' } = network;
    const { board_model: board = '', serial_number: serial = '' } = hardware;
    const search = [deviceId, hostname, ip, mac, board, serial].join(' ').toLowerCase();
    const facts = JSON.stringify({ device_id: deviceId, key_id: keyId, reprovisioned: false });
    const told = { device_id: deviceId, code_id: keyId, address: '127.0.0.1', reprovisioned: false };
    const hardwareText = JSON.stringify(hardware);
    device.run(
      deviceId,
      organization,
      keyId,
      hardwareText,
      JSON.stringify(network),
      search,
      nowMs,
      nowMs,
      nowMs,
    );
    credential.run(keyId, organization, deviceId, sha256(apiKey), nowMs, expiresMs, expiresMs);
    audit.run(organization, nowMs, deviceId, keyId, '127.0.0.1', id('req_'), facts);
    const data = JSON.stringify({ ...told, board_model: board, hostname });
    event.run(organization, nowMs, deviceId, data);
    const expiresAt = new Date(expiresMs).toISOString();
    return JSON.stringify({ device_id: deviceId, api_key: apiKey, expires_at: expiresAt });
  }
}

function prepare(raw: DatabaseSync): Statements {
  return {
    useCode: raw.prepare(`update provisioning_codes set state = 'used', used_at_ms = ?, used_address = ?,
      used_device_id = ?, used_credential_id = ?, claimant_hash = ?, answer_expires_at_ms = ?
      where code_hash = ? and state = 'active' and expires_at_ms > ?`),
    device:
      raw.prepare(`insert into devices (id, organization_id, lifecycle, tags, origin, code_id, hardware_info,
      network_info, agent_version, search_text, created_at_ms, lifecycle_changed_at_ms, security_changed_at_ms)
      values (?, ?, 'active', '[]', 'code', ?, ?, ?, '0.1.0', ?, ?, ?, ?)`),
    credential: raw.prepare(`insert into credentials (id, organization_id, device_id, key_hash, origin, state,
      created_at_ms, expires_at_ms, rotate_after_ms) values (?, ?, ?, ?, 'code', 'issued', ?, ?, ?)`),
    audit:
      raw.prepare(`insert into audit_log (organization_id, at_ms, actor_kind, actor_id, action, object_kind,
      object_id, address, outcome, request_id, detail)
      values (?, ?, 'device', ?, 'code.redeem', 'code', ?, ?, 'success', ?, ?)`),
    event: raw.prepare(`insert into events (organization_id, at_ms, type, object_id, data)
      values (?, ?, 'device.provisioned', ?, ?)`),
    organization: raw.prepare('update organizations set device_count = device_count + ?'),
  };
}

function sha256(text: string): string {
  return hash('sha256', text);
}

/** The cloud's own ids in their own order, so that the indexes have the same work. */
const ordered = orderedIds(Date.now, pooled(systemRandom).bytes);

/** As long as the cloud's other ids, and as random. */
function id(prefix: string): string {
  return prefix + randomBytes(8).toString('hex');
}
