import fc from 'fast-check';
import {
  backoffFirstSeconds,
  backoffMostSeconds,
  backoffResetSeconds,
  heartbeatSeconds,
} from '@edgeflow/contract';
import { fullJitterMs } from '@edgeflow/platform';
import { SeededRandom, SimulatedTime } from '@edgeflow/platform/simulated';
import { describe, expect, it } from 'vitest';
import { arrive, type History, isSuperseded, noHistory, type Suspicion, witness } from './decide.ts';

/**
 * Whole worlds around the rules: a network that delays and reorders, a cloud that keeps the record, and one device or
 * two. What the cloud is told here is what the gateway tells it (tunnel/life-signs.ts).
 */

interface Process {
  instance: string | null;
  isAlive: boolean;
  /** What it still has open from its side, the newest last. */
  readonly held: Set<Socket>;
}

interface Socket {
  readonly process: Process;
  /** As its process called itself when it connected. */
  readonly instance: string | null;
  readonly address: string;
  epoch: number;
}

/** The cloud's side: who speaks for the device, and what was seen. */
class CloudSide {
  history: History = noHistory;
  suspicion: Suspicion | undefined;
  nowMs = 0;
  /** Asked for a sign of life; answered whenever it reaches somebody who lives. */
  readonly asked: { readonly socket: Socket; readonly aliveAfter: number }[] = [];
  current: Socket | undefined;
  #epoch = 0;

  accept(socket: Socket): void {
    const { address, instance } = socket;
    const isReturn = isSuperseded(this.history, instance);
    this.#epoch += 1;
    socket.epoch = this.#epoch;
    const arrival = { instance, boot: null, address };
    this.history = arrive(this.history, arrival, this.#epoch, this.nowMs);
    if (this.current !== undefined) this.asked.push({ socket: this.current, aliveAfter: this.#epoch });
    if (isReturn) this.asked.push({ socket, aliveAfter: this.#epoch });
    this.current = socket;
  }

  sign({ epoch, instance }: Socket, aliveAfter: number): void {
    const seen = witness(this.history, { instance, epoch, aliveAfter }, this.nowMs);
    this.history = seen.history;
    this.suspicion ??= seen.suspicion;
  }
}

type Sign = readonly [socket: Socket, aliveAfter: number];

/** One device with one life at a time, and a network that does with its messages what it likes. */
class OneDevice {
  readonly cloud = new CloudSide();
  readonly #isNamed: boolean;
  readonly #connects: Socket[] = [];
  readonly #signs: Sign[] = [];
  #process: Process;
  #image: Process | undefined;
  #wasPutBack = false;
  #started = 0;
  #address = '192.0.2.1';

  constructor(isNamed: boolean) {
    this.#isNamed = isNamed;
    this.#process = this.#start();
  }

  step({ action, pick }: Step): void {
    switch (action) {
      case 'restart':
        this.#process.isAlive = false;
        this.#process = this.#start();
        break;
      case 'reconnect':
        this.#reconnect();
        break;
      case 'connect beside':
        // A process that sends no instance is told apart by its connections alone, so it has one at a time.
        if (this.#isNamed) this.#connect();
        else this.#reconnect();
        break;
      case 'move':
        this.#address = `192.0.2.${String(pick % 250)}`;
        this.#reconnect();
        break;
      case 'keep image':
        this.#image ??= this.#process;
        break;
      case 'put image back':
        this.#putBack();
        break;
      case 'deliver connect':
      case 'answer':
      case 'deliver sign':
      case 'wait':
        this.#network(action, pick);
    }
  }

  #network(action: NetworkAction, pick: number): void {
    switch (action) {
      case 'deliver connect': {
        const socket = take(this.#connects, pick);
        if (socket !== undefined) this.cloud.accept(socket);
        break;
      }
      case 'answer': {
        const one = take(this.cloud.asked, pick);
        const { held, isAlive } = one?.socket.process ?? this.#process;
        if (one !== undefined && isAlive && held.has(one.socket))
          this.#signs.push([one.socket, one.aliveAfter]);
        break;
      }
      case 'deliver sign': {
        const sign = take(this.#signs, pick);
        if (sign !== undefined) this.cloud.sign(...sign);
        break;
      }
      case 'wait':
        this.cloud.nowMs += pick;
        break;
    }
  }

  #reconnect(): void {
    this.#process.held.clear();
    this.#connect();
  }

  #start(): Process {
    const instance = this.#isNamed ? `process ${String(this.#started)}` : null;
    this.#started += 1;
    this.#process = { instance, isAlive: true, held: new Set() };
    this.#connect();
    return this.#process;
  }

  #connect(): void {
    const { instance } = this.#process;
    const socket = { process: this.#process, instance, address: this.#address, epoch: 0 };
    this.#process.held.add(socket);
    this.#connects.push(socket);
  }

  /** The machine as it was when the image was kept, once: its sockets lead nowhere any more. */
  #putBack(): void {
    const image = this.#image;
    if (image === undefined || image === this.#process || this.#wasPutBack || !this.#isNamed) return;
    this.#wasPutBack = true;
    this.#process.isAlive = false;
    this.#process = image;
    image.isAlive = true;
    image.held.clear();
    this.#connect();
  }
}

/** Whichever of them comes next: nothing keeps its order. */
function take<T>(from: T[], pick: number): T | undefined {
  return from.splice(pick % Math.max(1, from.length), 1)[0];
}

const deviceActions = [
  'restart',
  'reconnect',
  'connect beside',
  'move',
  'keep image',
  'put image back',
] as const;
const networkActions = ['deliver connect', 'answer', 'deliver sign', 'wait'] as const;
type NetworkAction = (typeof networkActions)[number];
/** The network does more than the device. */
const actions = [...deviceActions, ...networkActions, ...networkActions, ...networkActions];
interface Step {
  readonly action: (typeof actions)[number];
  readonly pick: number;
}
const anySteps = fc.array(fc.record({ action: fc.constantFrom(...actions), pick: fc.nat(2_000) }), {
  minLength: 20,
  maxLength: 300,
});

describe('one device, whatever the network does', () => {
  it.each([
    ['that names its process', true],
    ['that does not', false],
  ])('%s is never taken for two', (_, isNamed) => {
    let returns = 0;
    fc.assert(
      fc.property(anySteps, (steps) => {
        const device = new OneDevice(isNamed);
        for (const step of steps) device.step(step);
        returns += device.cloud.asked.length;
        expect(device.cloud.suspicion).toBeUndefined();
      }),
      { numRuns: 5_000 },
    );
    expect(returns).toBeGreaterThan(0);
  });
});

/** Of a network that works: one way. */
const latencyMsMax = 500;
const backoffLimits = { firstMs: backoffFirstSeconds * 1000, mostMs: backoffMostSeconds * 1000 };

interface Pair {
  readonly seed: number;
  readonly kind: 'apart' | 'copied while it ran' | 'nameless';
  /** Attempts that each of them had made in vain before. */
  readonly failures: readonly [number, number];
  /** After the first of them, the second one comes. */
  readonly afterMs: number;
}

/** Two devices that do what the contract says of a device: tell it to go, and it comes back after its backoff. */
class TwoDevices {
  readonly cloud = new CloudSide();
  readonly #time = new SimulatedTime(0);
  readonly #pair: Pair;
  readonly #random: SeededRandom;
  #bothSinceMs: number | undefined;
  #foundMs: number | undefined;

  constructor(pair: Pair) {
    this.#pair = pair;
    this.#random = new SeededRandom(pair.seed);
  }

  /** How long after the second one was accepted they were found; undefined: not within that time. */
  async foundAfterMs(withinMs: number): Promise<number | undefined> {
    const { afterMs, failures, kind } = this.#pair;
    const names = {
      apart: ['card', 'copy'],
      'copied while it ran': ['same', 'same'],
      nameless: [null, null],
    };
    for (const [index, instance] of names[kind].entries()) {
      const process = { instance, isAlive: true, held: new Set<Socket>() };
      this.#time.after(index * afterMs, () => {
        this.#connect(process, failures[index] ?? 0);
      });
    }
    await this.#time.advance(afterMs + withinMs + latencyMsMax);
    const { suspicion } = this.cloud;
    if (suspicion === undefined || this.#foundMs === undefined) return undefined;
    return this.#foundMs - (this.#bothSinceMs ?? 0);
  }

  #connect(process: Process, failures: number): void {
    const { instance } = process;
    const socket = { process, instance, address: instance ?? '', epoch: 0 };
    process.held.add(socket);
    this.#later(() => {
      const yielding = this.cloud.current;
      if (yielding !== undefined && yielding.process !== process) this.#bothSinceMs ??= this.#time.now();
      const connectedMs = this.#time.monotonic();
      this.cloud.nowMs = this.#time.now();
      this.cloud.accept(socket);
      for (const ask of this.cloud.asked.splice(0)) this.#ask(ask);
      this.#onReplaced.set(socket, () => {
        const isSteady = this.#time.monotonic() - connectedMs >= backoffResetSeconds * 1000;
        const failed = isSteady ? 0 : failures;
        if (this.#pair.kind === 'copied while it ran') this.#rename(process);
        this.#time.after(fullJitterMs(backoffLimits, failed, this.#random), () => {
          this.#connect(process, failed + 1);
        });
      });
    });
  }

  readonly #onReplaced = new Map<Socket, () => void>();
  readonly #replaced = new Map<Process, number>();

  /** As the agent does (its instance.ts). */
  #rename(process: Process): void {
    const times = (this.#replaced.get(process) ?? 0) + 1;
    this.#replaced.set(process, times);
    if (times % 2 === 0) process.instance = this.#random.bytes(8).join('.');
  }

  #ask({ aliveAfter, socket }: CloudSide['asked'][number]): void {
    this.#later(() => {
      const epoch = socket.epoch;
      if (epoch !== aliveAfter) this.#onReplaced.get(socket)?.();
      this.#later(() => {
        this.cloud.sign(socket, aliveAfter);
        if (this.cloud.suspicion !== undefined) this.#foundMs ??= this.#time.now();
      });
    });
  }

  #later(work: () => void): void {
    this.#time.after(fullJitterMs({ firstMs: latencyMsMax, mostMs: latencyMsMax }, 0, this.#random), work);
  }
}

describe('two devices with one identity', () => {
  const anyPair = fc.record({
    seed: fc.nat(),
    failures: fc.tuple(fc.nat(12), fc.nat(12)),
    afterMs: fc.nat(3_600_000),
  });
  const twoHeartbeatsMs = 2 * heartbeatSeconds * 1000;

  it('that name their processes are always found within two heartbeats', async () => {
    const times: number[] = [];
    await fc.assert(
      fc.asyncProperty(anyPair, async (pair) => {
        const foundMs = await new TwoDevices({ ...pair, kind: 'apart' }).foundAfterMs(90_000);
        // The way of a message is not the devices' to wait: once to be told to go, once to come, once to answer.
        expect(foundMs).toBeLessThanOrEqual(twoHeartbeatsMs + 4 * latencyMsMax);
        times.push(foundMs ?? Infinity);
      }),
      { numRuns: 500 },
    );
    times.sort((a, b) => a - b);
    expect(times[Math.floor(times.length / 2)]).toBeLessThan(twoHeartbeatsMs / 2);
  });

  it.each(['nameless', 'copied while it ran'] as const)(
    'that are %s are found while they take turns',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(anyPair, async (pair) => {
          const fresh = { ...pair, failures: [0, 0], kind } as const;
          expect(await new TwoDevices(fresh).foundAfterMs(90_000)).toBeLessThanOrEqual(twoHeartbeatsMs);
        }),
        { numRuns: 500 },
      );
    },
  );
});
