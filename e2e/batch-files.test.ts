import { parseEnv } from 'node:util';
import { type Canvas, createCanvas } from '@napi-rs/canvas';
import { parse } from 'csv-parse/sync';
import jsqr from 'jsqr';
import { getDocument } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  labelPlace,
  type LabelSheet,
  labelSheets,
} from '../apps/cloud/src/features/batches/export/label-sheets.ts';
import { eventuallyTrue } from '../apps/cloud/src/testing/eventually.ts';
import { readZip } from '../apps/cloud/src/testing/read-zip.ts';
import type { AgentStatus } from './support/agent-process.ts';
import type { CloudProcess } from './support/cloud-process.ts';
import { Story } from './support/story.ts';

const patience = 30_000;
const isOnline = (status: AgentStatus): boolean =>
  status.status === 'online' && status.last_heartbeat !== null;
/** Pixels of a rendered point: what a printer of 300 dots an inch gives, about. */
const scale = 4;

describe('the files of a batch', () => {
  const story = new Story();
  let cloud: CloudProcess;
  let id = '';
  let rows: Record<string, string>[] = [];

  beforeAll(async () => {
    cloud = await story.cloud();
    const made = await cloud.call('POST', '/api/v1/batches', {
      name: 'Hall 3',
      count: 23,
      name_prefix: 'pump',
    });
    ({ id } = made.json as { id: string });
    await eventuallyTrue('the batch is made', async () => {
      const { json } = await cloud.call('GET', `/api/v1/batches/${id}`);
      return (json as { status: string }).status === 'ready';
    });
    rows = parse((await cloud.call('GET', `/api/v1/batches/${id}/csv`)).text, { bom: true, columns: true });
    for (const { code = '' } of rows) story.secrets.add(code);
  });

  afterAll(() => story.end());

  async function bytes(path: string): Promise<Buffer> {
    const headers = { authorization: `Bearer ${cloud.token}` };
    const response = await fetch(`${cloud.plainUrl}/api/v1/batches/${id}/${path}`, { headers });
    expect(response.status).toBe(200);
    return Buffer.from(await response.arrayBuffer());
  }

  it.each(['a4', 'letter'] as const)(
    'labels on %s hold one QR code each: the link of their row, beside its code',
    async (page) => {
      const document = await getDocument({
        data: new Uint8Array(await bytes(`labels?page=${page}`)),
        verbosity: 0,
      }).promise;
      const links: string[] = [];
      const texts: string[] = [];
      for (let number = 1; number <= document.numPages; number += 1) {
        const sheet = await document.getPage(number);
        const viewport = sheet.getViewport({ scale });
        const canvas = createCanvas(viewport.width, viewport.height);
        await sheet.render({ canvas: canvas as never, viewport }).promise;
        links.push(...codesIn(canvas, labelSheets[page]));
        const { items } = await sheet.getTextContent();
        texts.push(items.map((item) => ('str' in item ? item.str : '')).join(' '));
      }
      expect(links).toEqual(rows.map(({ link }) => link));
      for (const { code = '', name = '' } of rows) {
        expect(texts.join(' ')).toContain(name);
        for (const group of code.split('-').slice(1)) expect(texts.join(' ')).toContain(group);
      }
    },
  );

  /** What the QR codes of a sheet say, label by label. */
  function codesIn(canvas: Canvas, sheet: LabelSheet): string[] {
    const context = canvas.getContext('2d');
    return Array.from({ length: sheet.columns * sheet.rows }, (_, number) => {
      const { x, y } = labelPlace(sheet, number);
      const [left, top, width, height] = [x, y, sheet.labelWidth, sheet.labelHeight].map((one) =>
        Math.round(one * scale),
      ) as [number, number, number, number];
      const { data } = context.getImageData(left, top, width, height);
      return jsqr.default(new Uint8ClampedArray(data), width, height)?.data;
    }).filter((text) => text !== undefined);
  }

  it('a label makes a device: the agent takes the link that its QR code holds', async () => {
    const agent = story.agent(await story.device(), { EDGEFLOW_PROVISIONING_LINK: rows[0]?.['link'] ?? '' });
    const status = await agent.until('online', isOnline, patience);
    const device = await cloud.call('GET', `/api/v1/devices/${status.device_id ?? ''}`);
    expect(device.json).toMatchObject({ name: 'pump-01', status: 'online' });
  });

  it('the zip has a .env for each code that is left, and a real agent comes online with it', async () => {
    const entries = readZip(await bytes('env-files'));
    expect(entries.map(({ name }) => name)).toEqual(
      rows.slice(1).map(({ name = '', row = '' }) => `${row.padStart(2, '0')}-${name}.env`),
    );
    const [first] = entries;
    expect(first?.text).toContain(`EDGEFLOW_SAAS_TLS_PIN=${cloud.pin}`);
    const settings = parseEnv(first?.text ?? '') as Record<string, string>;
    const agent = story.agent(await story.device(), settings);
    await agent.until('online', isOnline, patience);
    const report = await cloud.call('GET', `/api/v1/batches/${id}/rows?show=online`);
    expect((report.json as { rows: { name: string }[] }).rows.map(({ name }) => name)).toEqual([
      'pump-01',
      'pump-02',
    ]);
  });

  it('and no code stands in a log', () => {
    const logs = story.logs();
    for (const secret of story.secrets) expect(logs.includes(secret)).toBe(false);
  });
});
