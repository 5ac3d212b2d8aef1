import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../apps/cloud/src/testing/eventually.ts';
import type { CallAnswer, CloudProcess } from './support/cloud-process.ts';
import { Story } from './support/story.ts';

const count = 3_000;
/** Each with a kill while it is made, one while it is replaced, and one while it is revoked. */
const batches = 3;
/** About as long as the codes take to be made: the moment of each kill is drawn from it. */
const spanMs = 700;
const patience = 60_000;

interface Batch {
  readonly id: string;
  readonly status: string;
  readonly edition: number;
  readonly counts: { readonly rows: number; readonly active: number };
}

let story: Story;
let cloud: CloudProcess;
beforeEach(async () => {
  story = new Story();
  cloud = await story.cloud();
});
afterEach(() => story.end());

/** Sends something, kills the real process with SIGKILL a moment after, and starts it again on what its disk holds. */
async function killedAfter(send: () => Promise<CallAnswer>): Promise<void> {
  const sent = send().catch(() => undefined);
  await sleep(Math.random() * spanMs);
  await cloud.kill();
  await sent;
  cloud = await story.cloud();
}

async function read(id: string): Promise<Batch> {
  return (await cloud.call('GET', `/api/v1/batches/${id}`)).json as Batch;
}

/** Counts may be a second older than the rest. */
function settled(id: string, status: string, active: number): Promise<Batch> {
  return eventually(`the batch is ${status} with ${String(active)} active codes`, async () => {
    const batch = await read(id);
    return batch.status === status && batch.counts.active === active ? batch : undefined;
  });
}

async function codesOf(id: string): Promise<Set<string>> {
  const { status, text } = await cloud.call('GET', `/api/v1/batches/${id}/csv`);
  expect(status).toBe(200);
  const rows: Record<string, string>[] = parse(text, { bom: true, columns: true });
  expect(rows).toHaveLength(count);
  const codes = new Set(rows.map(({ code = '' }) => code));
  for (const code of codes) expect(code).toMatch(/^PROV-/);
  return codes;
}

it(
  'a batch is made once and whole, replaced once and whole, and revoked whole, whenever the cloud is killed',
  async () => {
    for (let round = 1; round <= batches; round += 1) {
      const key = {
        'idempotency-key': `batch of round ${String(round)}`.replaceAll(' ', '-').padEnd(32, '-'),
      };
      const make = (): Promise<CallAnswer> => cloud.call('POST', '/api/v1/batches', { count }, key);
      await killedAfter(make);
      // Whoever got no answer asks again.
      const again = await make();
      expect(again.status).toBe(201);
      const { id } = again.json as Batch;
      expect(await settled(id, 'ready', count)).toMatchObject({ counts: { rows: count }, edition: 1 });
      const first = await codesOf(id);
      expect(first.size).toBe(count);

      const replace = (): Promise<CallAnswer> =>
        cloud.call('POST', `/api/v1/batches/${id}/replace-unused`, { edition: 1 });
      await killedAfter(replace);
      expect((await replace()).status).toBe(202);
      expect(await settled(id, 'ready', count)).toMatchObject({ counts: { rows: count }, edition: 2 });
      const second = await codesOf(id);
      expect(second.size).toBe(count);
      expect(second.isDisjointFrom(first)).toBe(true);

      const revoke = (): Promise<CallAnswer> => cloud.call('POST', `/api/v1/batches/${id}/revoke`);
      await killedAfter(revoke);
      expect((await revoke()).status).toBe(200);
      expect(await settled(id, 'revoked', 0)).toMatchObject({ counts: { rows: count } });
    }
    const { json } = await cloud.call('GET', '/api/v1/batches');
    expect(json).toMatchObject({ total: batches });
  },
  patience * batches,
);
