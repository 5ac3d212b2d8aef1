import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { openAndLeave, SlowDownload } from '../../testing/slow-download.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

const rows = 3_000;
/** As wide as a row may be: a file of 18 MB is more than the sockets between the cloud and a slow reader hold. */
const tags = Array.from({ length: 32 }, (_, number) => String(number).padEnd(64, '漢'));
const codes = (text: string): string[] => text.match(/PROV(-[0-9A-Z]{4})+/g) ?? [];

describe.each(databaseKinds)('an export that has begun on %s', (kind) => {
  let cloud: TestCloud;
  let pins: readonly string[] = [];
  beforeAll(async () => {
    cloud = await startTestCloud(kind, { pins: () => pins });
  });
  afterAll(() => cloud.discard());

  async function ready(id: string): Promise<void> {
    await eventuallyTrue('the batch is made', async () => {
      return (await cloud.owner.call('readBatch', 200, { id })).status === 'ready';
    });
  }

  async function make(body: object): Promise<string> {
    const { id } = await cloud.owner.call('createBatch', 201, { body });
    await ready(id);
    return id;
  }

  it('hands out no code of a later edition: it is broken off when the unused are replaced', async () => {
    const id = await make({ count: rows, tags });
    const download = await SlowDownload.open(
      cloud.origin,
      await cloud.token('operator'),
      'exportBatchCsv',
      id,
    );
    await cloud.owner.call('replaceUnused', 202, { id, body: { edition: 1 } });
    await ready(id);
    const later = await (await cloud.owner.raw('exportBatchCsv', { id })).text();
    const { isWhole, text } = await download.rest();
    const known = new Set(codes(later));
    expect(known.size).toBe(rows);
    expect(codes(text).filter((code) => known.has(code))).toEqual([]);
    expect(isWhole).toBe(false);
    const { entries } = await cloud.owner.call('listAudit', 200, {
      query: { action: 'batch.export', object: id },
    });
    expect(entries.map(({ detail }) => detail['edition'])).toEqual([2, 1]);
  });

  it('is broken off when its texts are kept no longer', async () => {
    const id = await make({ count: rows, tags });
    const download = await SlowDownload.open(
      cloud.origin,
      await cloud.token('operator'),
      'exportBatchCsv',
      id,
    );
    await sql`update batches set texts_until_ms = 1 where id = ${id}`.execute(cloud.database.db);
    expect((await download.rest()).isWhole).toBe(false);
  });

  it('is broken off within seconds of the end of its caller’s token, and is whole for others', async () => {
    const id = await make({ count: rows, tags });
    const other = await SlowDownload.open(cloud.origin, await cloud.token('operator'), 'exportBatchCsv', id);
    const { isWhole, text } = await (await openAndLeave(cloud, cloud.owner, 'exportBatchCsv', id)).rest();
    expect([isWhole, codes(text).length < 2 * rows]).toEqual([false, true]);
    await cloud.time.advance(30_000);
    const whole = await other.rest();
    expect([whole.isWhole, codes(whole.text).length]).toEqual([true, 2 * rows]);
  });

  it('is broken off so as labels and as a zip, too', async () => {
    const id = await make({ count: rows });
    const labels = await openAndLeave(cloud, cloud.owner, 'exportBatchLabels', id);
    expect((await labels.rest()).isWhole).toBe(false);
    // What cannot be compressed makes a zip of so many files as large as the table above.
    pins = Array.from({ length: 100 }, () => `sha256/${randomBytes(32).toString('base64')}`);
    const zip = await openAndLeave(cloud, cloud.owner, 'exportBatchEnvFiles', id);
    expect((await zip.rest()).isWhole).toBe(false);
  });

  it('says nothing in the log: a file that is broken off is no failure', () => {
    expect(cloud.logs.filter((line) => /"level":"(warn|error|fatal)"/.test(line))).toEqual([]);
  });
});
