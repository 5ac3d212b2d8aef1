import { Readable } from 'node:stream';
import { giveWay, type Timers } from '@edgeflow/platform';
import PDFDocument from 'pdfkit';
import type { BatchRow } from '../../../storage/batch-tables.ts';
import { drawLabel } from './label.ts';
import { labelPlace, labelSheets } from './label-sheets.ts';
import { isUsable, openRows, type TextSource, type UsableRow } from './texts.ts';

/** What a sheet without any label says. */
const nothingToPrint = 'No code of this batch could be used now.';

/**
 * Sheets of labels as PDF, of the codes that could be used now. A label takes some milliseconds, and after each of
 * them whatever else waits gets its turn; a page is drawn when the reader has taken those before it.
 */
export function batchLabels(
  source: TextSource,
  timers: Timers,
  batch: BatchRow,
  kind: keyof typeof labelSheets,
): Readable {
  const sheet = labelSheets[kind];
  const document = new PDFDocument({
    size: [sheet.width, sheet.height],
    margin: 0,
    autoFirstPage: false,
    info: { Title: `Labels of ${batch.name ?? batch.id}`, CreationDate: new Date(batch.created_at_ms) },
  });
  let goOn = (): void => undefined;
  const output = new Readable({
    read: () => {
      document.resume();
      goOn();
    },
    destroy: (error, done) => {
      document.destroy();
      goOn();
      done(error);
    },
  });
  document.on('data', (chunk: Buffer) => {
    if (!output.push(chunk)) document.pause();
  });
  document.once('end', () => output.push(null));
  const room = async (): Promise<void> => {
    await giveWay(timers);
    if (document.isPaused() && !output.destroyed) {
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    }
    if (output.destroyed) throw new Error('nobody reads the labels any more');
  };
  draw(document, sheet, usable(source, batch), room).catch((error: unknown) => {
    output.destroy(error instanceof Error ? error : new Error('the labels could not be drawn'));
  });
  return output;
}

async function draw(
  document: PDFKit.PDFDocument,
  sheet: (typeof labelSheets)['a4' | 'letter'],
  rows: AsyncIterable<UsableRow>,
  room: () => Promise<void>,
): Promise<void> {
  let drawn = 0;
  for await (const row of rows) {
    await room();
    if (drawn % (sheet.columns * sheet.rows) === 0) document.addPage();
    const { x, y } = labelPlace(sheet, drawn);
    drawLabel(document, row, { x, y, width: sheet.labelWidth, height: sheet.labelHeight });
    drawn += 1;
  }
  if (drawn === 0) document.addPage().font('Helvetica').fontSize(12).text(nothingToPrint, 72, 72);
  document.end();
}

async function* usable(source: TextSource, batch: BatchRow): AsyncGenerator<UsableRow> {
  for await (const rows of openRows(source, batch)) yield* rows.filter(isUsable);
}
