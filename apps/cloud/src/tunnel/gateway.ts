import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type CloseCode,
  closeCodes,
  type CommandFrame,
  type ConnectFrame,
  type ErrorCode,
} from '@edgeflow/contract';
import { type TimerHandle, toRfc3339 } from '@edgeflow/platform';
import type { Server } from 'ws';
import type { Call, CallOutcome } from '../features/commands/index.ts';
import type { TunnelHere } from '../features/clones/index.ts';
import type { ConnectionVerdict, SeenFact } from '../features/presence/index.ts';
import { Crowd } from '../http/crowd.ts';
import { addressKey } from '../limits/address-key.ts';
import { Calls } from './calls.ts';
import { SessionRegistry } from './registry.ts';
import { Connection, type ConnectionListener, type TunnelSocket } from './connection.ts';
import { connectionRequest } from './connection-request.ts';
import { LifeSigns } from './life-signs.ts';
import type { GatewayOptions, OpenSession } from './options.ts';
import { RefusalLog } from './refusal-log.ts';
import { RotationRequest } from './rotation-request.ts';
import { type Admission, type SessionEvent, type SessionState, step } from './session.ts';
import { allClosed, tunnelSocketServer } from './socket-server.ts';

/** Sockets that have not said `connect` yet; past this one is evicted, see {@link Crowd}. */
const strangersMaxDefault = 2_000;
/** Evicted strangers are told to come back after this many seconds. */
const evictedRetrySeconds = '5';
const sweepMs = 1_000;
/** Devices whose close handshake does not finish at shutdown are cut off after this. */
const shutdownMs = 3_000;

/** The sockets of all tunnels that end on this node. */
export class TunnelGateway {
  readonly #options: GatewayOptions;
  readonly #server: Server<typeof TunnelSocket> = tunnelSocketServer();
  readonly #registry = new SessionRegistry<Connection>();
  readonly #strangers: Crowd<Connection>;
  readonly #judging = new Set<Connection>();
  readonly #calls: Calls<Connection>;
  readonly #lifeSigns: LifeSigns;
  readonly #refusals: RefusalLog;
  readonly #listener: ConnectionListener = {
    binary: (connection) => {
      this.#step(connection, { type: 'binary' });
    },
    text: (connection, text) => {
      this.#step(connection, { type: 'text', text, nowMs: this.#options.clock.monotonic() });
    },
    flooded: (connection, retrySeconds) => {
      this.counters.flooded += 1;
      this.#end(connection, closeCodes.slowDown, String(retrySeconds));
    },
    closed: (connection, closeCode, reason) => {
      this.#step(connection, { type: 'socket_closed', closeCode, reason });
      this.#strangers.leave(connection);
    },
  };
  #sweep: TimerHandle | undefined;
  #stopping = false;
  /** Times that sockets were refused, closed or ignored, for the metrics. */
  readonly counters = { accepted: 0, refused: 0, evicted: 0, flooded: 0, silent: 0, replaced: 0 };

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#strangers = new Crowd(options.strangersMax ?? strangersMaxDefault);
    this.#calls = new Calls(options.random, options);
    this.#refusals = new RefusalLog(options.clock, options.logger);
    this.#lifeSigns = new LifeSigns(options.random, (sign) => {
      if (!this.#stopping) options.noticed(sign);
    });
  }

  /** From now on silent devices and late strangers are noticed. */
  start(): void {
    this.#sweep = this.#options.timers.every(sweepMs, () => {
      this.#tick();
    });
  }

  get openTunnels(): number {
    return this.#registry.size;
  }

  get strangers(): number {
    return this.#strangers.size + this.#judging.size;
  }

  /** Takes over a socket whose request asked for `/tunnel`. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#stopping) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\n\r\n');
      return;
    }
    const address = this.#options.clientAddress(request);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      this.#welcome(new Connection(ws, address, this.#options));
    });
  }

  /** When a device with an open tunnel here was last heard, in milliseconds since 1970. */
  lastHeardMs(deviceId: string): number | undefined {
    const connection = this.#registry.get(deviceId);
    return connection === undefined ? undefined : this.#heardAtMs(connection);
  }

  /** Sends a command and waits for the device's answer, its departure, or the time-out. */
  call(deviceId: string, call: Call): Promise<CallOutcome> {
    const connection = this.#registry.get(deviceId);
    if (connection === undefined) return Promise.resolve({ kind: 'offline' });
    return this.#calls.start(connection, call, (frame) => {
      connection.send(JSON.stringify({ ...frame, timestamp: this.#timestamp() }));
    });
  }

  /** What is known of a device's tunnel on this node. */
  session(deviceId: string): OpenSession | undefined {
    const connection = this.#registry.get(deviceId);
    if (connection?.state.phase !== 'open') return undefined;
    const { restricted } = connection.state.admission;
    return { deviceId, restricted, rotationWanted: connection.rotation.isWanted };
  }

  /** What the tunnel of a device was granted; undefined without one here. */
  admission(deviceId: string): Admission | undefined {
    const state = this.#registry.get(deviceId)?.state;
    return state?.phase === 'open' ? state.admission : undefined;
  }

  /** What all tunnels were granted. */
  admissions(): Admission[] {
    return [...this.#registry.values()].flatMap(({ state }) =>
      state.phase === 'open' ? state.admission : [],
    );
  }

  /** Ends a tunnel whose key is refused by now, unless a newer connection has taken its place. */
  refuse({ deviceId, epoch }: Admission, code: ErrorCode): void {
    const connection = this.#registry.get(deviceId);
    if (connection?.epoch === epoch) this.#step(connection, { type: 'refused', code });
  }

  /** Ends the tunnel of a device that has a newer one on another node. */
  replacedElsewhere(deviceId: string, epoch: number): void {
    const connection = this.#registry.get(deviceId);
    if (connection !== undefined && connection.epoch < epoch) this.#replace(connection, epoch);
  }

  /** Says what has become of the key of a tunnel. */
  keyChanged({ deviceId, epoch }: Admission, key: Pick<Admission, 'keyExpiresAtMs' | 'restricted'>): void {
    const connection = this.#registry.get(deviceId);
    if (connection?.epoch === epoch) this.#step(connection, { type: 'key_changed', ...key });
  }

  /** Takes up a request for a new key if the device has a tunnel here; true once, see {@link RotationRequest}. */
  takeUpRotation(deviceId: string, wantedAtMs: number): boolean {
    const connection = this.#registry.get(deviceId);
    return connection?.state.phase === 'open' && connection.rotation.takeUp(wantedAtMs);
  }

  /** Whoever took up a request cannot tell whether it was made: the next who hears of it takes it up. */
  putBackRotation(deviceId: string, wantedAtMs: number): void {
    this.#registry.get(deviceId)?.rotation.putBack(wantedAtMs);
  }

  /** Devices heard since this was last asked. */
  heard(): SeenFact[] {
    const facts: SeenFact[] = [];
    for (const connection of this.#registry.values()) {
      if (connection.state.phase !== 'open') continue;
      const { deviceId, epoch } = connection.state.admission;
      facts.push({ deviceId, epoch, lastSeenAtMs: this.#heardAtMs(connection) });
    }
    return facts;
  }

  /** Closes every tunnel with 1001 and waits, at most a few seconds, until the devices have answered. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#sweep !== undefined) this.#options.timers.clear(this.#sweep);
    const connections = [...this.#registry.values(), ...this.#strangers.values(), ...this.#judging];
    const sockets = connections.map(({ socket }) => socket);
    const gone = allClosed(sockets, this.#options.timers, shutdownMs);
    for (const connection of connections)
      this.#end(connection, closeCodes.goingAway, 'the cloud is restarting');
    await gone;
    this.#refusals.flush();
  }

  #welcome(connection: Connection): void {
    this.#enterStranger(connection);
    connection.listen(this.#listener);
  }

  #enterStranger(connection: Connection): void {
    const gone = this.#strangers.enter(connection, addressKey(connection.address));
    if (gone === undefined) return;
    this.counters.evicted += 1;
    this.#end(gone, closeCodes.slowDown, evictedRetrySeconds);
    gone.socket.terminate();
  }

  #end(connection: Connection, closeCode: CloseCode, reason: string): void {
    this.#step(connection, { type: 'end', closeCode, reason });
  }

  #step(connection: Connection, event: SessionEvent): void {
    const { state, effects } = step(connection.state, event);
    const before = connection.state;
    connection.state = state;
    for (const effect of effects) {
      switch (effect.type) {
        case 'judge':
          void this.#judge(connection, effect.frame);
          break;
        case 'enter':
          this.#enter(connection, effect.admission.deviceId);
          break;
        case 'pong':
          connection.send(`{"type":"pong","timestamp":"${this.#timestamp()}"}`);
          break;
        case 'answered':
          if (this.#calls.answered(connection, effect.frame)) connection.giveBackFrame();
          break;
        case 'asked':
          connection.send(unknownAction(effect.frame));
          break;
        case 'say_error':
          connection.send(JSON.stringify({ type: 'error', error: effect.text }));
          break;
        case 'close':
          if (effect.closeCode === closeCodes.silent) this.counters.silent += 1;
          connection.close(effect.closeCode, effect.reason);
          break;
        case 'leave':
          this.#leave(connection, before, effect.admission.deviceId, effect);
          break;
      }
    }
  }

  async #judge(connection: Connection, frame: ConnectFrame): Promise<void> {
    // Whoever is being judged may hold a good key, and is bounded by the queue of those who wait for the database.
    this.#strangers.leave(connection);
    this.#judging.add(connection);
    const here = this.#tunnelOf(frame.device_id);
    let verdict: ConnectionVerdict;
    try {
      verdict = await this.#options.admit(connectionRequest(connection, frame, here));
    } catch (error) {
      this.#refusals.failed(error);
      verdict = { kind: 'refused', code: 'unavailable' };
    }
    this.#judging.delete(connection);
    if (verdict.kind === 'refused') {
      // Until it has gone it takes up the room of a stranger.
      if (connection.socket.readyState !== connection.socket.CLOSED) this.#enterStranger(connection);
      this.counters.refused += 1;
      this.#refusals.refused(verdict.code, connection.address);
      this.#step(connection, { type: 'refused', code: verdict.code, waitSeconds: verdict.waitSeconds });
      return;
    }
    connection.rotation = new RotationRequest(verdict.rotationWantedAtMs);
    const { kind: _, rotationWantedAtMs: __, isReturn, ...admission } = verdict;
    this.#departIfGone(connection, admission);
    this.#step(connection, { type: 'admitted', admission, nowMs: this.#options.clock.monotonic() });
    if (isReturn) this.#lifeSigns.ask(connection);
  }

  #tunnelOf(deviceId: string): TunnelHere | undefined {
    const { clock, departing } = this.#options;
    const state = this.#registry.get(deviceId)?.state;
    if (state?.phase === 'open')
      return { epoch: state.admission.epoch, silentMs: clock.monotonic() - state.heardAtMs };
    const epoch = departing(deviceId);
    return epoch === undefined ? undefined : { epoch, silentMs: Infinity };
  }

  /** The database has the device online, but its socket closed while the key was judged. */
  #departIfGone(
    connection: Connection,
    admission: { readonly deviceId: string; readonly epoch: number },
  ): void {
    if (connection.state.phase !== 'closed' || this.#stopping) return;
    const { deviceId, epoch } = admission;
    const older = this.#registry.get(deviceId);
    if (older !== undefined && older.epoch < epoch) this.#replace(older, epoch);
    const lastSeenAtMs = this.#options.clock.now();
    this.#options.departed({ deviceId, epoch, lastSeenAtMs, reason: 'closed before it was answered' });
  }

  #enter(connection: Connection, deviceId: string): void {
    const yielding = this.#registry.enter(deviceId, connection);
    if (yielding !== undefined) this.#replace(yielding, this.#registry.get(deviceId)?.epoch ?? -1);
    if (yielding === connection) return;
    this.counters.accepted += 1;
    const timestamp = this.#timestamp();
    connection.send(JSON.stringify({ type: 'connected', device_id: deviceId, timestamp }));
    const session = this.session(deviceId);
    if (session !== undefined) this.#options.connected(session);
  }

  /** @param by epoch of the connection that takes its place */
  #replace(connection: Connection, by: number): void {
    this.counters.replaced += 1;
    this.#lifeSigns.yielding(connection, by);
    if (connection.state.phase === 'open') {
      const { deviceId } = connection.state.admission;
      this.#options.logger.info(
        { device_id: deviceId, address: connection.address },
        'tunnel replaced by a newer one',
      );
    }
    this.#end(connection, closeCodes.replaced, 'replaced by a newer connection of the same device');
  }

  #leave(
    connection: Connection,
    before: SessionState,
    deviceId: string,
    left: { readonly reason: string; readonly heardAtMs: number },
  ): void {
    const isCurrent = this.#registry.get(deviceId) === connection;
    this.#registry.leave(deviceId, connection);
    this.#calls.ended(connection);
    // At shutdown devices stay `online` in the database: the next start expects them back.
    if (!isCurrent || this.#stopping || before.phase !== 'open') return;
    const { clock } = this.#options;
    const lastSeenAtMs = Math.round(clock.now() - (clock.monotonic() - left.heardAtMs));
    this.#options.departed({ deviceId, epoch: before.admission.epoch, lastSeenAtMs, reason: left.reason });
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonic();
    this.#refusals.tick();
    for (const connection of this.#registry.values()) this.#step(connection, { type: 'tick', nowMs });
    for (const connection of this.#strangers.values()) this.#step(connection, { type: 'tick', nowMs });
  }

  #heardAtMs(connection: Connection): number {
    const { clock } = this.#options;
    const heardAtMs = connection.state.phase === 'open' ? connection.state.heardAtMs : clock.monotonic();
    return Math.round(clock.now() - (clock.monotonic() - heardAtMs));
  }

  #timestamp(): string {
    return toRfc3339(this.#options.clock.now());
  }
}

/** Devices may ask, but the cloud offers no actions of its own yet. */
function unknownAction({ action, id }: CommandFrame): string {
  const error = `unknown action "${action}"`;
  return JSON.stringify({ type: 'response', id, status: 'error', error });
}
