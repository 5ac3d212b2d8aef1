import { inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  /** As `ls -l` counts: 0o600 and the like. */
  readonly mode: number;
  readonly text: string;
}

/** The files of a zip, by its central directory (APPNOTE 4.3.12), so that what is read is what programs unpack. */
export function readZip(bytes: Buffer): ZipEntry[] {
  const end = bytes.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  return Array.from({ length: count }, () => {
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const mode = (bytes.readUInt32LE(at + 38) >>> 16) & 0o777;
    const text = contentAt(
      bytes,
      bytes.readUInt32LE(at + 42),
      bytes.readUInt32LE(at + 20),
      bytes.readUInt16LE(at + 10),
    );
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    return { name, mode, text };
  });
}

function contentAt(bytes: Buffer, local: number, length: number, method: number): string {
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const packed = bytes.subarray(start, start + length);
  return (method === 0 ? packed : inflateRawSync(packed)).toString('utf8');
}
