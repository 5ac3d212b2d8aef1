import { randomBytes } from 'node:crypto';
import type { OperationName } from '@edgeflow/contract';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { readZip } from '../../testing/read-zip.ts';
import { openAndLeave, SlowDownload } from '../../testing/slow-download.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

const rows = 3_000;
/** As wide as a row may be: a file of 18 MB is more than the sockets between the cloud and a slow reader hold. */
const tags = Array.from({ length: 32 }, (_, number) => String(number).padEnd(64, '漢'));
/** They make a zip as large as that table. */
const manyPins = Array.from({ length: 100 }, () => `sha256/${randomBytes(32).toString('base64')}`);
const codes = (text: string): string[] => text.match(/PROV(-[0-9A-Z]{4})+/g) ?? [];

describe.each(databaseKinds)('an export that has begun on %s', (kind) => {
  let cloud: TestCloud;
  let pins: readonly string[] = [];
  /** How often they were asked for, which is once at least for each row that is opened. */
  let pinsAsked = 0;
  beforeAll(async () => {
    const askedPins = (): readonly string[] => {
      pinsAsked += 1;
      return pins;
    };
    cloud = await startTestCloud(kind, { pins: askedPins });
  });
  afterEach(() => {
    pins = [];
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

  async function open(name: OperationName, id: string): Promise<SlowDownload> {
    return SlowDownload.open(cloud.origin, await cloud.token('operator'), name, id);
  }

  it('hands out no code of a later edition: it is broken off when the unused are replaced', async () => {
    const id = await make({ count: rows, tags });
    const download = await open('exportBatchCsv', id);
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
    const download = await open('exportBatchCsv', id);
    await sql`update batches set texts_until_ms = 1 where id = ${id}`.execute(cloud.database.db);
    expect((await download.rest()).isWhole).toBe(false);
  });

  describe('as a zip', () => {
    beforeEach(() => {
      pins = manyPins;
    });

    it.each([
      ['replaced', (id: string) => cloud.owner.call('replaceUnused', 202, { id, body: { edition: 1 } })],
      [
        'wiped, because somebody saved them',
        (id: string) => cloud.owner.call('confirmBatchSaved', 200, { id }),
      ],
      ['revoked', (id: string) => cloud.owner.call('revokeBatch', 200, { id })],
    ])('is broken off when its codes are %s', async (_, end) => {
      const id = await make({ count: rows });
      const before = pinsAsked;
      const download = await open('exportBatchEnvFiles', id);
      await end(id);
      const { isWhole, text } = await download.rest();
      expect([isWhole, codes(text).length < rows]).toEqual([false, true]);
      // Nor is a row opened that nobody reads.
      expect(pinsAsked - before).toBeLessThan(rows);
    });

    it('is broken off within seconds of the end of its caller’s token, and opens no row from then on', async () => {
      const id = await make({ count: rows });
      const before = pinsAsked;
      const download = await openAndLeave(cloud, cloud.owner, 'exportBatchEnvFiles', id);
      expect((await download.rest()).isWhole).toBe(false);
      expect(pinsAsked - before).toBeLessThan(rows);
    });

    it('is whole for a slow reader while the texts are kept', async () => {
      const id = await make({ count: rows });
      const download = await open('exportBatchEnvFiles', id);
      await cloud.time.advance(30_000);
      const { bytes, isWhole } = await download.rest();
      const found = new Set(readZip(bytes).flatMap(({ text }) => codes(text)));
      expect([isWhole, found.size]).toEqual([true, rows]);
    });
  });

  it('is broken off within seconds of the end of its caller’s token, and is whole for others', async () => {
    const id = await make({ count: rows, tags });
    const other = await open('exportBatchCsv', id);
    const { isWhole, text } = await (await openAndLeave(cloud, cloud.owner, 'exportBatchCsv', id)).rest();
    expect([isWhole, codes(text).length < 2 * rows]).toEqual([false, true]);
    await cloud.time.advance(30_000);
    const whole = await other.rest();
    expect([whole.isWhole, codes(whole.text).length]).toEqual([true, 2 * rows]);
  });

  it('is broken off so as labels, too', async () => {
    const id = await make({ count: rows });
    const labels = await openAndLeave(cloud, cloud.owner, 'exportBatchLabels', id);
    expect((await labels.rest()).isWhole).toBe(false);
  });

  it('says nothing in the log: a file that is broken off is no failure', () => {
    expect(cloud.logs.filter((line) => /"level":"(warn|error|fatal)"/.test(line))).toEqual([]);
  });
});
