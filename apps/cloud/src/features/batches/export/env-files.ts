import { Readable } from 'node:stream';
import { formatEnvFile } from '@edgeflow/contract';
import yazl from 'yazl';
import type { BatchRow } from '../../../storage/batch-tables.ts';
import { isUsable, type OpenRow, openRows, type TextSource } from './texts.ts';

/** Regular file, readable by its owner alone. */
const fileMode = 0o100600;
const nameLengthMax = 60;

/** A zip with one `.env` file for each code that could be used now. */
export function batchEnvFiles(source: TextSource, batch: BatchRow): Readable {
  const zip = new yazl.ZipFile();
  const output = Readable.from(zip.outputStream, { objectMode: false });
  const digits = String(batch.rows_total).length;
  void addFiles(source, batch, zip, digits).catch((error: unknown) => {
    output.destroy(error instanceof Error ? error : new Error('the zip could not be written'));
  });
  return output;
}

async function addFiles(
  source: TextSource,
  batch: BatchRow,
  zip: yazl.ZipFile,
  digits: number,
): Promise<void> {
  const [cloudUrl, pins] = [source.publicUrl(), source.pins()];
  const mtime = new Date(batch.created_at_ms);
  for await (const rows of openRows(source, batch)) {
    for (const row of rows.filter(isUsable)) {
      const text = formatEnvFile({ cloudUrl, pins, identity: { kind: 'code', code: row.code } });
      zip.addBuffer(Buffer.from(text), envFileName(row, digits), { mode: fileMode, mtime });
    }
  }
  zip.end();
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
