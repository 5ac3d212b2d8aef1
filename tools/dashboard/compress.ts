import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** Below this a compressed answer saves no packet. */
const worthwhileBytes = 1024;
const compressible = /\.(css|js|json|svg|txt)$/;

/** Writes `NAME.br` and `NAME.gz` beside each file of a folder that is worth it; answers how many files there were. */
export function compressFolder(folder: string): number {
  const names = readdirSync(folder);
  for (const name of names.filter((one) => compressible.test(one))) {
    const file = join(folder, name);
    const bytes = readFileSync(file);
    if (bytes.length < worthwhileBytes) continue;
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
    writeFileSync(
      `${file}.br`,
      brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }),
    );
  }
  return names.length;
}
