import { createHash } from 'node:crypto';
import {
  closeCodes,
  type ErrorCode,
  type JsonObject,
  problemFor,
  readFrame,
  type ResponseFrame,
} from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import { type CloudAnswer, type CloudRequest, type ProbingTransport, TransportError } from '../net/index.ts';
import type { TunnelListener, TunnelSocket } from '../net/transport.ts';

export const cloudOrigin = 'https://cloud.example:8443';

interface FakeCode {
  claimant?: string;
  deviceId?: string;
  isUsed: boolean;
}

export interface FakeDevice {
  readonly id: string;
  key: string;
  /** Offered or issued, not authenticated yet. */
  nextKey?: string;
  isAuthenticated: boolean;
  state: 'active' | 'revoked' | 'deleted';
  reported: JsonObject;
  desired: JsonObject;
}

interface FakeLink {
  readonly listener: TunnelListener;
  deviceId: string | undefined;
  isClosed: boolean;
}

/** What happens to the next requests, first come first served: then the network is fine. */
export type NetworkFault =
  /** The request never arrives. */
  | 'lose_request'
  /** It arrives and is carried out, and the answer is lost. */
  | 'lose_answer'
  /** A captive portal answers. */
  | 'portal'
  | 'unavailable'
  | 'half_an_answer';

const latencyMs = 20;

/**
 * A cloud in memory that keeps the wire contract's promises about claims (section 2), and can be cut off, made to
 * lose answers and asked what it has seen. It outlives the devices that talk to it.
 */
export class FakeCloud {
  readonly origin: string;
  readonly codes = new Map<string, FakeCode>();
  readonly devices = new Map<string, FakeDevice>();
  readonly faults: NetworkFault[] = [];
  /** `Idempotency-Key` of every registration that arrived, in order. */
  readonly claims: string[] = [];
  /** Every key that was presented in a `connect` frame, in order. */
  readonly presented: string[] = [];
  /** Answers of devices to commands, by the command's id. */
  readonly responses = new Map<string, ResponseFrame>();
  /** Bytes that devices have put into their sockets. */
  bytesSent = 0;
  isReachable = true;
  /** A silent cloud reads and says nothing. */
  isSilent = false;
  readonly #timers: Timers;
  readonly #links = new Set<FakeLink>();
  #serial = 0;

  constructor(timers: Timers, origin = cloudOrigin) {
    this.#timers = timers;
    this.origin = origin;
  }

  addCode(code: string): void {
    this.codes.set(code, { isUsed: false });
  }

  addDevice(id: string, key: string): FakeDevice {
    const device: FakeDevice = {
      id,
      key,
      isAuthenticated: false,
      state: 'active',
      reported: {},
      desired: {},
    };
    this.devices.set(id, device);
    return device;
  }

  /** Ids of the devices that are connected. */
  get online(): string[] {
    return [...this.#links].flatMap(({ deviceId }) => (deviceId === undefined ? [] : [deviceId]));
  }

  /** The way to this cloud for one process. `isAlive` false: the process is dead, its words go nowhere. */
  transport(isAlive: () => boolean = () => true): ProbingTransport {
    return {
      origin: this.origin,
      probe: () => Promise.resolve({ passed: new Map() }),
      request: (request) => this.#request(request, isAlive),
      openTunnel: (listener) => this.#open(listener, isAlive),
    };
  }

  send(deviceId: string, frame: unknown): void {
    for (const link of this.#links) {
      if (link.deviceId === deviceId) link.listener.onText(JSON.stringify(frame));
    }
  }

  closeAll(code: number, reason = ''): void {
    for (const link of [...this.#links]) this.#close(link, code, reason);
  }

  /** Offers a key over the tunnel, as an operator's rotate does. */
  offerKey(device: FakeDevice, commandId: string): string {
    device.nextKey = this.#makeKey();
    const payload = { api_key: device.nextKey, expires_at: '2028-01-01T00:00:00Z' };
    this.send(device.id, { type: 'command', id: commandId, action: 'rotate_key', payload });
    return device.nextKey;
  }

  async #request(request: CloudRequest, isAlive: () => boolean): Promise<CloudAnswer> {
    await this.#latency();
    const fault = this.faults.shift();
    if (!isAlive()) return Promise.withResolvers<CloudAnswer>().promise;
    if (!this.isReachable || fault === 'lose_request') throw unreachable();
    if (fault === 'portal') return answer(200, '<html>Please log in</html>', 'text/html');
    if (fault === 'unavailable') return problem('unavailable', { 'retry-after': '2' });
    const carriedOut = this.#route(request);
    await this.#latency();
    if (!isAlive()) return Promise.withResolvers<CloudAnswer>().promise;
    if (fault === 'lose_answer') throw unreachable();
    return fault === 'half_an_answer' ? { ...carriedOut, body: carriedOut.body.slice(0, 20) } : carriedOut;
  }

  #route(request: CloudRequest): CloudAnswer {
    if (request.path === '/api/v1/devices/provision') return this.#provision(request);
    const deviceId = /^\/api\/v1\/devices\/([^/]+)\/shadow$/.exec(request.path)?.[1];
    const device = this.devices.get(deviceId ?? '');
    if (device === undefined) return problem('route_unknown');
    if (!this.#authenticate(device, request.headers['x-api-key'] ?? '')) return problem('key_rejected');
    if (request.method === 'PUT') {
      const body = JSON.parse(request.body ?? '{}') as { reported?: JsonObject };
      device.reported = { ...device.reported, ...body.reported };
    }
    return answer(200, JSON.stringify(shadowOf(device)));
  }

  /** Section 2, steps 1 to 6, for codes that are neither bound nor expired. */
  #provision(request: CloudRequest): CloudAnswer {
    const claimant = request.headers['idempotency-key'];
    if (claimant === undefined) throw new Error('the agent sent a code without an Idempotency-Key');
    this.claims.push(claimant);
    const body = JSON.parse(request.body ?? '') as { provisioning_code: string };
    const code = this.codes.get(body.provisioning_code);
    if (code === undefined) return problem('code_unknown');
    if (!code.isUsed) {
      code.isUsed = true;
      code.claimant = claimant;
      code.deviceId = `dev_${String(this.devices.size + 1)}`;
      this.addDevice(code.deviceId, deriveKey(claimant, code.deviceId));
      return this.#grant(code.deviceId, claimant);
    }
    const device = this.devices.get(code.deviceId ?? '');
    if (code.claimant !== claimant || device === undefined) return problem('code_already_used');
    if (device.isAuthenticated) return problem('claim_completed');
    if (device.state === 'revoked') return problem('device_revoked');
    if (device.state === 'deleted') return problem('claim_void');
    return this.#grant(device.id, claimant);
  }

  #grant(deviceId: string, claimant: string): CloudAnswer {
    const body = {
      device_id: deviceId,
      api_key: deriveKey(claimant, deviceId),
      expires_at: '2027-02-21T00:00:00Z',
    };
    return answer(201, JSON.stringify(body));
  }

  #open(listener: TunnelListener, isAlive: () => boolean): TunnelSocket {
    const link: FakeLink = { listener, deviceId: undefined, isClosed: false };
    this.#timers.after(latencyMs, () => {
      if (!isAlive() || link.isClosed) return;
      if (!this.isReachable) {
        link.isClosed = true;
        listener.onClose({ code: 1006, reason: '', failure: unreachable() });
        return;
      }
      this.#links.add(link);
      listener.onOpen();
    });
    return {
      send: (text) => {
        this.bytesSent += text.length;
        this.#timers.after(latencyMs, () => {
          if (isAlive() && !link.isClosed && !this.isSilent) this.#onText(link, text);
        });
      },
      close: (code, reason) => {
        this.#timers.after(latencyMs, () => {
          if (isAlive()) this.#close(link, code, reason);
        });
      },
      terminate: () => {
        this.#close(link, 1006, '');
      },
    };
  }

  #onText(link: FakeLink, text: string): void {
    const reading = readFrame(text);
    if (reading.kind !== 'frame') throw new Error(`the agent sent ${text.slice(0, 40)}`);
    const { frame } = reading;
    switch (frame.type) {
      case 'connect':
        this.#connect(link, frame.device_id, frame.api_key);
        break;
      case 'ping':
        link.listener.onText('{"type":"pong","timestamp":"2026-02-21T12:00:00Z"}');
        break;
      case 'response':
        this.responses.set(frame.id, frame);
        break;
      case 'command':
        link.listener.onText(
          JSON.stringify({ type: 'response', id: frame.id, status: 'success', data: { ok: true } }),
        );
        break;
      case 'connected':
      case 'error':
      case 'pong':
        throw new Error(`a device does not send ${frame.type}`);
    }
  }

  #connect(link: FakeLink, deviceId: string, key: string): void {
    this.presented.push(key);
    const device = this.devices.get(deviceId);
    if (device === undefined || (key !== device.key && key !== device.nextKey)) {
      this.#refuse(link, closeCodes.keyRejected, 'key_rejected');
    } else if (device.state === 'revoked') {
      this.#refuse(link, closeCodes.deviceRefused, 'device_revoked');
    } else if (device.state === 'deleted') {
      this.#refuse(link, closeCodes.deviceDeleted, 'device_deleted');
    } else {
      this.#authenticate(device, key);
      for (const other of [...this.#links]) {
        if (other.deviceId === deviceId) this.#close(other, closeCodes.replaced, 'replaced');
      }
      link.deviceId = deviceId;
      link.listener.onText(JSON.stringify({ type: 'connected', device_id: deviceId }));
    }
  }

  /** The first use of a key ends the life of the one before it. */
  #authenticate(device: FakeDevice, key: string): boolean {
    if (key === device.nextKey) {
      device.key = key;
      delete device.nextKey;
    }
    if (key !== device.key || device.state !== 'active') return false;
    device.isAuthenticated = true;
    return true;
  }

  #refuse(link: FakeLink, closeCode: number, code: ErrorCode): void {
    link.listener.onText(JSON.stringify({ type: 'error', error: `${code}: no` }));
    this.#close(link, closeCode, code);
  }

  #close(link: FakeLink, code: number, reason: string): void {
    if (link.isClosed) return;
    link.isClosed = true;
    this.#links.delete(link);
    this.#timers.soon(() => {
      link.listener.onClose({ code, reason });
    });
  }

  #makeKey(): string {
    this.#serial += 1;
    return `efk_offered_${String(this.#serial)}`;
  }

  #latency(): Promise<void> {
    return new Promise((resolve) => {
      this.#timers.after(latencyMs, resolve);
    });
  }
}

function deriveKey(claimant: string, deviceId: string): string {
  return `efk_${createHash('sha256').update(`${claimant}/${deviceId}`).digest('hex')}`;
}

function shadowOf(device: FakeDevice): JsonObject {
  const delta = Object.fromEntries(
    Object.entries(device.desired).filter(([key, value]) => device.reported[key] !== value),
  );
  return {
    device_id: device.id,
    version: 1,
    desired: device.desired,
    reported: device.reported,
    delta,
    metadata: { desired: {}, reported: {} },
    updated_at: '2026-02-21T12:00:00Z',
  };
}

function unreachable(): TransportError {
  return new TransportError('cloud_unreachable', 'The cloud does not answer.');
}

function problem(code: ErrorCode, headers: Record<string, string> = {}): CloudAnswer {
  const document = problemFor(code, 'req_fake');
  return { ...answer(document.status, JSON.stringify(document), 'application/problem+json', headers) };
}

function answer(
  status: number,
  body: string,
  type = 'application/json',
  headers: Record<string, string> = {},
): CloudAnswer {
  return { status, headers: { 'content-type': type, ...headers }, body };
}
