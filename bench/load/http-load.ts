import type { Socket } from 'node:net';
import { percentile } from '../report/statistics.ts';
import { connected, type Target } from './dial.ts';
import { readAnswer } from './http-answer.ts';

export interface LoadResult {
  readonly ratePerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the answers, in the order in which they came. */
  readonly bodies: readonly string[];
}

const noBytes = Buffer.alloc(0);

/**
 * Sends prepared requests over `concurrency` kept-alive connections, the next on each as soon as the one before is
 * answered. Connections stand before the clock starts. Rejects for any status but `status`.
 */
export async function loadHttp(
  target: Target,
  concurrency: number,
  requests: readonly Buffer[],
  status: number,
): Promise<LoadResult> {
  const sockets = await Promise.all(Array.from({ length: concurrency }, () => connected(target)));
  try {
    return await new Run(sockets, requests, status).result();
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

class Run {
  readonly #sockets: readonly Socket[];
  readonly #requests: readonly Buffer[];
  readonly #status: number;
  readonly #latenciesMs: Float64Array;
  readonly #bodies: string[] = [];
  #next = 0;

  constructor(sockets: readonly Socket[], requests: readonly Buffer[], status: number) {
    this.#sockets = sockets;
    this.#requests = requests;
    this.#status = status;
    this.#latenciesMs = new Float64Array(requests.length);
  }

  async result(): Promise<LoadResult> {
    const startMs = performance.now();
    await Promise.all(this.#sockets.map((socket) => this.#drive(socket)));
    const seconds = (performance.now() - startMs) / 1000;
    const sorted = this.#latenciesMs.sort();
    return {
      ratePerSecond: this.#requests.length / seconds,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      bodies: this.#bodies,
    };
  }

  /** Resolves when no request is left for this connection. */
  #drive(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      let sentMs = 0;
      let held: Buffer = noBytes;
      const sendNext = (): void => {
        const request = this.#requests[this.#next];
        if (request === undefined) {
          resolve();
          return;
        }
        this.#next += 1;
        sentMs = performance.now();
        socket.write(request);
      };
      const receive = (chunk: Buffer): void => {
        held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
        const answer = readAnswer(held);
        if (answer === undefined) return;
        held = noBytes;
        if (answer.status !== this.#status) throw new Error(`${String(answer.status)}: ${answer.body}`);
        this.#latenciesMs[this.#bodies.length] = performance.now() - sentMs;
        this.#bodies.push(answer.body);
        sendNext();
      };
      socket.on('data', (chunk: Buffer) => {
        try {
          receive(chunk);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      socket.once('error', reject);
      socket.once('close', () => {
        reject(new Error('the server closed a connection'));
      });
      sendNext();
    });
  }
}
