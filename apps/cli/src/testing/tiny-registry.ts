import {
  type AuditEntry,
  type Code,
  type CreatedCode,
  type Device,
  formatApiKey,
  type JsonObject,
  makeId,
  makeProvisioningCode,
  type OperationName,
  type Organization,
  type Shadow,
} from '@edgeflow/contract';
import { SeededRandom } from '@edgeflow/platform/simulated';
import type { TinyReply, TinyRequest } from './tiny-call.ts';

const now = '2026-02-21T12:00:00Z';
const later = '2027-02-21T12:00:00Z';

type Handler = (request: TinyRequest) => TinyReply;

/** The state behind a TinyCloud: what its operations answer. */
export class TinyRegistry {
  readonly #random = new SeededRandom(1);
  readonly codes = new Map<string, Code>();
  readonly devices = new Map<string, Device>();
  organization: Organization = {
    ...{ organization_id: 'org_1', name: 'Pumps', clone_policy: 'keep_newest' },
    ...{ device_count: 3, device_limit: 10, code_groups: null, code_ttl_seconds: null },
  };
  readonly #shadows = new Map<string, Shadow>();
  readonly #handlers: Partial<Record<OperationName, Handler>> = {
    createCodes: ({ body }) => this.#createCodes(body),
    listCodes: ({ query }) => ok(page('codes', [...this.codes.values()].reverse(), query)),
    readCode: ({ id }) => this.#withCode(id, ok),
    revokeCode: ({ id }) => this.#withCode(id, (code) => this.#revokeCode(code)),
    createDevice: ({ body }) => created({ device_id: this.addDevice(body).device_id, ...this.#freshKey() }),
    listDevices: ({ query }) => ok(page('devices', this.#search(query), query)),
    readDevice: ({ id }) => this.#withDevice(id, ok),
    updateDevice: ({ id, body }) => this.#withDevice(id, (device) => ok(this.#change(device, body))),
    deleteDevice: ({ id }) =>
      this.devices.delete(id) ? { status: 204, body: undefined } : 'device_not_found',
    readDeviceStatus: ({ id }) => this.#withDevice(id, (device) => ok(presenceOf(device))),
    rotateKey: ({ id, body }) => this.#withDevice(id, () => this.#rotate(id, body)),
    extendKey: ({ id }) => this.#withDevice(id, () => ok({ device_id: id, expires_at: later })),
    revokeDevice: ({ id }) =>
      this.#withDevice(id, (device) => ok(this.#change(device, { status: 'revoked' }))),
    quarantineDevice: ({ id }) =>
      this.#withDevice(id, (device) => ok(this.#change(device, { status: 'quarantined' }))),
    restoreDevice: ({ id }) =>
      this.#withDevice(id, (device) => ok(this.#change(device, { status: 'offline' }))),
    readOrganization: () => ok(this.organization),
    updateOrganization: ({ body }) => ok((this.organization = { ...this.organization, ...body })),
    sendCommand: ({ id, body }) => this.#withDevice(id, (device) => command(device, body)),
    readShadow: ({ id }) => this.#withDevice(id, () => ok(this.#shadow(id))),
    updateShadow: ({ id, body }) => this.#withDevice(id, () => this.#setDesired(id, body)),
    listAudit: ({ query }) => ok(page('entries', this.#auditEntries(query), query)),
  };

  answer(name: OperationName, request: TinyRequest): TinyReply {
    return this.#handlers[name]?.(request) ?? 'route_unknown';
  }

  addDevice(members: Partial<Device> = {}): Device {
    const device: Device = {
      ...{
        device_id: makeId('device', this.#bytes),
        name: null,
        status: 'online',
        status_since: now,
        tags: [],
      },
      ...{ group: null, created_at: now, origin: 'operator', code_id: null, agent_version: '1.0.0' },
      ...{ hardware_info: { board_model: 'Raspberry Pi 5', arch: 'arm64', cpu_cores: 4 }, network_info: {} },
      ...{ last_seen_at: now, last_address: '192.0.2.7', last_close_reason: null },
      ...{ clone_suspected_at: null, clone_evidence: null },
      key: {
        ...{ id: makeId('credential', this.#bytes), created_at: now, expires_at: later, first_used_at: now },
        ...{ last_rotated_at: null, rotation_pending: false, can_rotate: true },
      },
      ...members,
    };
    this.devices.set(device.device_id, device);
    return device;
  }

  readonly #bytes = (length: number): Uint8Array => this.#random.bytes(length);

  #freshKey(): { api_key: string; expires_at: string } {
    return { api_key: formatApiKey(this.#bytes(32)), expires_at: later };
  }

  #createCodes(body: TinyRequest['body']): TinyReply {
    const bind = {
      mac_address: null,
      serial_number: null,
      board_model: null,
      ...(body.bind as object | undefined),
    };
    const codes = Array.from({ length: Number(body.count) }, (): CreatedCode => {
      const code: Code = {
        ...{ id: makeId('code', this.#bytes), status: 'active', name: textOrNull(body.name), batch: null },
        ...{
          device_name: textOrNull(body.device_name),
          tags: body.tags as string[],
          group: textOrNull(body.group),
        },
        ...{
          bind,
          device_id: textOrNull(body.device_id),
          created_at: now,
          created_by: 'tok_1',
          created_by_name: 'me',
          expires_at: later,
        },
        ...{ used_by: null, used_by_name: null, used_at: null, used_from: null, revoked_at: null },
        ...{ failed_attempts: 0, last_failed_at: null, last_failed_reason: null },
      };
      this.codes.set(code.id, code);
      return { ...code, code: makeProvisioningCode(Number(body.groups ?? 2), this.#bytes) };
    });
    return created({ codes });
  }

  #revokeCode(code: Code): TinyReply {
    if (code.status === 'used') return 'code_not_revocable';
    const revoked: Code = { ...code, status: 'revoked', revoked_at: now };
    this.codes.set(code.id, revoked);
    return ok(revoked);
  }

  #search({ q, status }: TinyRequest['query']): Device[] {
    const all = [...this.devices.values()].reverse();
    return all.filter(
      (device) =>
        (status === undefined || device.status === status) &&
        (q === undefined || device.name?.includes(q as string) === true),
    );
  }

  #change(device: Device, members: object): Device {
    const changed = { ...device, ...members };
    this.devices.set(device.device_id, changed);
    return changed;
  }

  #rotate(id: string, { mode }: TinyRequest['body']): TinyReply {
    if (mode === 'replace') return ok({ device_id: id, ...this.#freshKey() });
    const offer = { device_id: id, status: 'offered', delivered: false, key_id: null, expires_at: null };
    return { status: 202, body: offer };
  }

  #shadow(id: string): Shadow {
    const fresh: Shadow = {
      ...{ device_id: id, version: 1, desired: {}, reported: { log_level: 'info' }, delta: {} },
      ...{ metadata: { desired: {}, reported: {} }, updated_at: now },
    };
    return this.#shadows.get(id) ?? fresh;
  }

  #setDesired(id: string, { desired, version }: TinyRequest['body']): TinyReply {
    const old = this.#shadow(id);
    if (version !== undefined && version !== old.version) return 'version_conflict';
    const merged = { ...old.desired, ...(desired as JsonObject) };
    const shadow: Shadow = { ...old, version: old.version + 1, desired: merged, delta: merged };
    this.#shadows.set(id, shadow);
    return ok(shadow);
  }

  #auditEntries({ outcome }: TinyRequest['query']): AuditEntry[] {
    const entry = (id: string, members: Partial<AuditEntry>): AuditEntry => ({
      ...{ id, at: now, actor: { kind: 'operator', id: 'tok_1', name: 'me' }, action: 'code.create' },
      object: null,
      ...{ address: '192.0.2.1', outcome: 'success', reason: null, request_id: 'req_1', detail: {} },
      ...members,
    });
    const entries = [
      entry('aud_1', { object: { kind: 'code', id: 'pc_1', name: null } }),
      entry('aud_2', {
        ...{ actor: { kind: 'anonymous', id: '-', name: null }, action: 'device.provision' },
        ...{ outcome: 'failure', reason: 'code_unknown' },
      }),
    ];
    return entries.filter((one) => outcome === undefined || one.outcome === outcome);
  }

  #withCode(id: string, answer: (code: Code) => TinyReply): TinyReply {
    const code = this.codes.get(id);
    return code === undefined ? 'code_not_found' : answer(code);
  }

  #withDevice(id: string, answer: (device: Device) => TinyReply): TinyReply {
    const device = this.devices.get(id);
    return device === undefined ? 'device_not_found' : answer(device);
  }
}

function ok(body: unknown): TinyReply {
  return { status: 200, body };
}

function created(body: unknown): TinyReply {
  return { status: 201, body };
}

/** The cursor of this cloud is the number of rows before it. */
function page(member: string, rows: readonly unknown[], query: TinyRequest['query']): object {
  const limit = Number(query.limit);
  const offset = Number(query.cursor ?? query.offset ?? 0);
  const next = offset + limit < rows.length ? String(offset + limit) : null;
  return {
    [member]: rows.slice(offset, offset + limit),
    total: rows.length,
    total_is_exact: true,
    limit,
    offset,
    next_cursor: next,
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function presenceOf(device: Device): object {
  const { device_id, status, status_since, last_seen_at, last_address, last_close_reason, key } = device;
  const same = { device_id, status, status_since, last_seen_at, last_address, last_close_reason };
  return { ...same, connected: status === 'online', key_expires_at: key?.expires_at ?? null };
}

function command(device: Device, { action, payload }: TinyRequest['body']): TinyReply {
  if (device.status !== 'online') return 'device_offline';
  if (action === 'rotate_key') return 'command_reserved';
  if (action === 'sleep') return 'command_timeout';
  const facts = { id: 'cmd_1', device_id: device.device_id, action, duration_ms: 12.5 };
  if (action === 'echo') return ok({ ...facts, status: 'success', data: payload });
  return ok({ ...facts, status: 'error', error: `unknown action ${String(action)}` });
}
