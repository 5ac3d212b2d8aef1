import { toRfc3339 } from '@edgeflow/platform';
import qrcode from 'qrcode';
import type { UsableRow } from './texts.ts';

/** Where a label is on its page, in points. */
export interface LabelBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Between the edge of a label and what is printed: printers are not exact. */
const margin = 6;
/** Between the QR code and the text: the quiet zone that scanners need is four modules wide. */
const gap = 8;
const nameSize = 9;
const smallSize = 6;
const codeSizeMax = 13;

type Labelled = Pick<UsableRow, 'code' | 'link' | 'name' | 'number' | 'expiresAtMs' | 'serialNumber'>;

/** QR code of the link on the left; name, code and until when it may be used on the right. */
export function drawLabel(document: PDFKit.PDFDocument, row: Labelled, box: LabelBox): void {
  const size = box.height - 2 * margin;
  drawQr(document, row.link, box.x + margin, box.y + margin, size);
  const x = box.x + margin + size + gap;
  const width = box.x + box.width - margin - x;
  const name = printable(row.name ?? row.serialNumber ?? `No. ${String(row.number)}`);
  document.fillColor('black').font('Helvetica-Bold').fontSize(nameSize);
  document.text(name, x, box.y + margin, { width, height: 2 * nameSize + 3, ellipsis: true });
  const lines = codeLines(row.code);
  const codeSize = fittingSize(document, lines, width);
  const codeTop = box.y + box.height / 2 - (lines.length * codeSize) / 2 + 4;
  lines.forEach((line, index) => {
    document.text(line, x, codeTop + index * (codeSize + 2), { width, lineBreak: false });
  });
  const until = `valid until ${toRfc3339(row.expiresAtMs).slice(0, 10)}`;
  document.font('Helvetica').fontSize(smallSize);
  document.text(until, x, box.y + box.height - margin - smallSize, { width, lineBreak: false });
}

/** Two groups a line, the first after `PROV`: what a person reads aloud and types. */
function codeLines(code: string): string[] {
  const [prefix = '', first = '', ...rest] = code.split('-');
  const lines = [`${prefix}-${first}`];
  for (let index = 0; index < rest.length; index += 2)
    lines.push(`-${rest.slice(index, index + 2).join('-')}`);
  return lines;
}

function fittingSize(document: PDFKit.PDFDocument, lines: readonly string[], width: number): number {
  document.font('Courier-Bold').fontSize(codeSizeMax);
  const widest = Math.max(...lines.map((line) => document.widthOfString(line)));
  const size = Math.min(codeSizeMax, (codeSizeMax * width) / widest);
  document.fontSize(size);
  return size;
}

/** Dark modules as rectangles, neighbours in a row as one: sharp at any resolution, and no picture to embed. */
function drawQr(document: PDFKit.PDFDocument, text: string, x: number, y: number, size: number): void {
  const { modules } = qrcode.create(text, { errorCorrectionLevel: 'M' });
  const module = size / modules.size;
  for (let row = 0; row < modules.size; row += 1) {
    for (let column = 0; column < modules.size; column += 1) {
      const start = column;
      while (column < modules.size && modules.get(row, column) !== 0) column += 1;
      if (column > start) {
        document.rect(x + start * module, y + row * module, (column - start) * module, module);
      }
    }
  }
  document.fill('black');
}

/**
 * What the fonts that every reader of PDF has can show: Windows-1252. Other letters become question marks; the code
 * below says which device it is.
 */
function printable(text: string): string {
  return [...text.normalize('NFC')].map((letter) => (isInFont(letter) ? letter : '?')).join('');
}

const beyondLatin1 = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';

function isInFont(letter: string): boolean {
  const point = letter.codePointAt(0) ?? 0;
  return (point >= 0x20 && point < 0x7f) || (point >= 0xa0 && point <= 0xff) || beyondLatin1.includes(letter);
}
