import { formatEnvFile } from '@edgeflow/contract';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { readZip } from '../../testing/read-zip.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { envFileName } from './export/env-files.ts';
import { labelPlace, labelSheets } from './export/label-sheets.ts';

const pin = `sha256/${'A'.repeat(43)}=`;
const publicUrl = 'https://192.168.1.10:8443';

describe.each(databaseKinds)('what is exported of a batch on %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind, { pins: () => [pin], publicUrl: () => publicUrl });
  });
  afterAll(() => cloud.discard());

  async function make(body: object): Promise<string> {
    const { id } = await cloud.owner.call('createBatch', 201, { body });
    await eventuallyTrue('the batch is made', async () => {
      return (await cloud.owner.call('readBatch', 200, { id })).status === 'ready';
    });
    return id;
  }

  async function bytesOf(
    name: 'exportBatchLabels' | 'exportBatchEnvFiles',
    id: string,
    query = {},
  ): Promise<Buffer> {
    const response = await cloud.owner.raw(name, { id, query });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    return Buffer.from(await response.arrayBuffer());
  }

  it('as a zip: one file a usable code, for its owner alone, the same text as anywhere else', async () => {
    const id = await make({ name: 'Hall 3', csv: 'name\n../../etc/passwd\nпамп\npump 7\nspare\n' });
    const response = await cloud.owner.raw('exportBatchCsv', { id });
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="Hall-3.csv"');
    const rows: Record<string, string>[] = parse(await response.text(), { bom: true, columns: true });
    await cloud.client().call('provisionDevice', 201, { body: { provisioning_code: rows[3]?.['code'] } });
    const entries = readZip(await bytesOf('exportBatchEnvFiles', id));
    expect(entries.map(({ mode, name }) => `${name} ${mode.toString(8)}`)).toEqual([
      '1-etc-passwd.env 600',
      '2-device.env 600',
      '3-pump-7.env 600',
    ]);
    for (const [index, { text }] of entries.entries()) {
      const identity = { kind: 'code', code: rows[index]?.['code'] ?? '' } as const;
      expect(text).toBe(formatEnvFile({ cloudUrl: publicUrl, pins: [pin], identity }));
    }
  });

  it('as a table: what it was made of reads back as the same devices, without the columns that were added', async () => {
    const csv = 'name,serial,mac,tags\n"pump, 7",S1,dc:a6:32:01:02:03,a;b\nпамп,,,\n"a ""b"" c",S3,,\n';
    const id = await make({ csv });
    const text = await (await cloud.owner.raw('exportBatchCsv', { id })).text();
    const rows: string[][] = parse(text, { bom: true });
    expect(rows[0]).toEqual('row,name,serial,mac,tags,code,link,expires_at,status'.split(','));
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    // As a spreadsheet leaves them when the other columns were deleted: each cell as it stood in the file.
    const again = text
      .split('\r\n')
      .map((line) => /^\ufeff?[^,]*,((?:(?:"(?:[^"]|"")*"|[^,"]*),){4})/.exec(line)?.[1]);
    const kept = again.map((line) => line?.slice(0, -1) ?? '').join('\r\n');
    const [first, second] = await Promise.all(
      [csv, kept].map((table) => cloud.owner.call('checkBatch', 200, { body: { csv: table } })),
    );
    expect(first?.preview).toHaveLength(3);
    expect(second).toEqual(first);
  });

  it('after the unused were replaced: the new codes, and of the used ones all but their texts', async () => {
    const id = await make({ csv: 'name\npump 1\npump 2\npump 3\n' });
    const csv = async (): Promise<Record<string, string>[]> =>
      parse(await (await cloud.owner.raw('exportBatchCsv', { id })).text(), { bom: true, columns: true });
    const before = await csv();
    await cloud.client().call('provisionDevice', 201, { body: { provisioning_code: before[1]?.['code'] } });
    await cloud.owner.call('confirmBatchSaved', 200, { id });
    await cloud.owner.call('replaceUnused', 202, { id, body: { edition: 1 } });
    await eventuallyTrue('they are replaced', async () => {
      return (await cloud.owner.call('readBatch', 200, { id })).status === 'ready';
    });
    const after = await csv();
    expect(after.map(({ code, link, status }) => [status, code !== '', link !== ''])).toEqual([
      ['active', true, true],
      ['used', false, false],
      ['active', true, true],
    ]);
    expect(after[0]?.['code']).not.toBe(before[0]?.['code']);
    const files = readZip(await bytesOf('exportBatchEnvFiles', id)).map(({ name }) => name);
    expect(files).toEqual(['1-pump-1.env', '3-pump-3.env']);
    expect((await bytesOf('exportBatchLabels', id)).toString('latin1').trimEnd()).toMatch(/%%EOF$/);
  });

  it.each([
    ['a4', 22, 2],
    ['letter', 22, 1],
    ['letter', 31, 2],
  ] as const)(
    'as sheets of labels: %s, %i codes on %i pages, drawn and not pictured',
    async (page, count, pages) => {
      const pdf = (await bytesOf('exportBatchLabels', await make({ count }), { page })).toString('latin1');
      expect(pdf.startsWith('%PDF-')).toBe(true);
      expect(pdf.trimEnd().endsWith('%%EOF')).toBe(true);
      expect(pdf.match(/\/Type \/Page\b(?!s)/g)).toHaveLength(pages);
      expect(pdf).not.toContain('/Subtype /Image');
    },
  );

  it('as labels of a batch without a usable code is one page that says so', async () => {
    const id = await make({ count: 1 });
    await cloud.database.db
      .updateTable('provisioning_codes')
      .set({ expires_at_ms: 1 })
      .where('batch_id', '=', id)
      .execute();
    const pdf = (await bytesOf('exportBatchLabels', id)).toString('latin1');
    expect(pdf.match(/\/Type \/Page\b(?!s)/g)).toHaveLength(1);
    expect(readZip(await bytesOf('exportBatchEnvFiles', id))).toEqual([]);
  });

  it('ends with its connection, and others are answered meanwhile', async () => {
    const id = await make({ count: 3_000 });
    const response = await cloud.owner.raw('exportBatchLabels', { id });
    const reader = response.body?.getReader();
    await reader?.read();
    expect((await cloud.owner.call('readBatch', 200, { id })).counts.active).toBe(3_000);
    await reader?.cancel();
    expect((await cloud.owner.call('listBatches', 200, { query: { limit: 1 } })).batches).toHaveLength(1);
  });
});

describe('labels', () => {
  it.each(Object.entries(labelSheets))('of %s lie on their sheet and not on each other', (_, sheet) => {
    const perSheet = sheet.columns * sheet.rows;
    const last = labelPlace(sheet, perSheet - 1);
    expect(last.x + sheet.labelWidth).toBeLessThanOrEqual(sheet.width);
    expect(last.y + sheet.labelHeight).toBeLessThanOrEqual(sheet.height);
    expect(sheet.pitchX).toBeGreaterThanOrEqual(sheet.labelWidth);
    expect(sheet.pitchY).toBeGreaterThanOrEqual(sheet.labelHeight);
    expect(labelPlace(sheet, perSheet)).toEqual(labelPlace(sheet, 0));
    // The same margin on both sides, as such sheets are cut.
    expect(sheet.width - (last.x + sheet.labelWidth)).toBeCloseTo(sheet.left, 0);
  });
});

describe('the name of a file', () => {
  it.each([
    ['CON', '07-CON.env'],
    ['..', '07-device.env'],
    ['a/b\\c:d', '07-a-b-c-d.env'],
    ['Größe 3', '07-Gro-e-3.env'],
    ['x'.repeat(200), `07-${'x'.repeat(60)}.env`],
  ])('of %j is %s', (name, file) => {
    expect(envFileName({ name, number: 7, serialNumber: null }, 2)).toBe(file);
  });

  it('of a device without one is its serial number', () => {
    expect(envFileName({ name: null, number: 7, serialNumber: 'S 1' }, 1)).toBe('7-S-1.env');
  });
});
