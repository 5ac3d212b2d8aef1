import { setTimeout as sleep } from 'node:timers/promises';
import { codesPerRequestMax } from '@edgeflow/contract';

/** Long enough that only the space of three-group codes is used, as a fleet's would be. */
const groups = 3;
const pollMs = 50;

/** The operators' REST API, as far as the bench needs it. */
export class Operator {
  readonly #base: URL;
  readonly token: string;

  constructor(base: URL, token: string) {
    this.#base = base;
    this.token = token;
  }

  /** Makes provisioning codes, as many a call as the contract allows. */
  async makeCodes(count: number): Promise<string[]> {
    const made: string[] = [];
    while (made.length < count) {
      const batch = Math.min(count - made.length, codesPerRequestMax);
      const { codes } = (await this.#call('POST', '/api/v1/provisioning-codes', {
        count: batch,
        groups,
      })) as {
        readonly codes: readonly { readonly code: string }[];
      };
      for (const { code } of codes) made.push(code);
    }
    return made;
  }

  /** One read of the API, and how long its answer took, in milliseconds. */
  async timed(path: string): Promise<{ readonly answer: unknown; readonly ms: number }> {
    const startMs = performance.now();
    const answer = await this.#call('GET', path);
    return { answer, ms: performance.now() - startMs };
  }

  async countDevices(): Promise<number> {
    const { total } = (await this.#call('GET', '/api/v1/devices?limit=1')) as { readonly total: number };
    return total;
  }

  async countTunnels(): Promise<number> {
    const answer = await fetch(new URL('/metrics', this.#base));
    return Number(/^edgeflow_tunnels_open (\d+)$/m.exec(await answer.text())?.[1]);
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(new URL(path, this.#base), {
      method,
      headers: { 'x-api-key': this.token, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${await answer.text()}`);
    return answer.json();
  }
}

/** Waits until `count` gives `wanted`. */
export async function waitForCount(
  count: () => Promise<number>,
  wanted: number,
  timeoutMs: number,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const seen = await count();
    if (seen === wanted) return;
    if (performance.now() > endMs) throw new Error(`waited for ${String(wanted)}, still ${String(seen)}`);
    await sleep(pollMs);
  }
}
