import { Readable } from 'node:stream';
import { formatEnvFile } from '@edgeflow/contract';
import yazl from 'yazl';
import type { BatchRow } from '../../../storage/batch-tables.ts';
import { isUsable, type OpenRow, openRows, type TextSource, type UsableRow } from './texts.ts';

/** Regular file, readable by its owner alone. */
const fileMode = 0o100600;
const nameLengthMax = 60;

/**
 * A zip with one `.env` file for each code that could be used now, written while it is read: a page of rows is opened
 * when the last one has gone, so that it is broken off as {@link openRows} says, and a reader that goes away ends it.
 */
export function batchEnvFiles(source: TextSource, batch: BatchRow): Readable {
  return Readable.from(zipPages(source, batch), { objectMode: true, highWaterMark: 1 });
}

async function* zipPages(source: TextSource, batch: BatchRow): AsyncGenerator<Buffer | string> {
  const zip = new yazl.ZipFile();
  const digits = String(batch.rows_total).length;
  const mtime = new Date(batch.created_at_ms);
  for await (const rows of openRows(source, batch)) {
    const page = rows.filter(isUsable).flatMap((row) => {
      const text = envFile(source, row);
      // Not compressed, which a zip does later and in its own time, so that all of the file can be taken at once.
      zip.addBuffer(text, envFileName(row, digits), { mode: fileMode, mtime, compress: false });
      const written = takeWritten(zip);
      // The zip keeps what it was given until its end.
      text.fill(0);
      return written;
    });
    yield Buffer.concat(page);
  }
  zip.end();
  yield* zip.outputStream;
}

/** Copies of what a zip has written since the last time. */
function takeWritten({ outputStream }: yazl.ZipFile): Buffer[] {
  const take = (): Buffer | null => outputStream.read() as Buffer | null;
  const parts: Buffer[] = [];
  for (let part = take(); part !== null; part = take()) parts.push(Buffer.from(part));
  return parts;
}

function envFile(source: TextSource, { code }: UsableRow): Buffer {
  const [cloudUrl, pins] = [source.publicUrl(), source.pins()];
  return Buffer.from(formatEnvFile({ cloudUrl, pins, identity: { kind: 'code', code } }));
}

/**
 * The number keeps names apart, and from what systems reserve; the rest is what is safe of the device's name in every
 * file system.
 */
export function envFileName(
  { name, number, serialNumber }: Pick<OpenRow, 'name' | 'number' | 'serialNumber'>,
  digits: number,
): string {
  const word = (name ?? serialNumber ?? 'device')
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '')
    .slice(0, nameLengthMax);
  return `${String(number).padStart(digits, '0')}-${word === '' ? 'device' : word}.env`;
}
