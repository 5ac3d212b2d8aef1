import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { repository } from '../../e2e/support/processes.ts';

/** The oldest Node.js that published packages run on. */
const target = 'node22';

export interface Bundle {
  /** The file to run. */
  readonly main: string;
  readonly bytes: number;
  readonly gzippedBytes: number;
  /** Bytes of the largest parts, the largest first: packages by their name. */
  readonly parts: readonly (readonly [name: string, bytes: number])[];
}

/** Bundles the agent as it ships: minified ES modules for Node.js, what a command needs loaded with that command. */
export async function bundleAgent(folder: string): Promise<Bundle> {
  mkdirSync(folder, { recursive: true });
  const { metafile, outputFiles } = await build({
    absWorkingDir: repository,
    entryPoints: ['apps/agent/src/main.ts'],
    outdir: folder,
    bundle: true,
    minify: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target,
    outExtension: { '.js': '.mjs' },
    // CommonJS packages ask for Node's own modules with require().
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const sizes = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = partOf(path);
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  for (const { contents, path } of outputFiles) writeFileSync(path, contents);
  return {
    main: join(folder, 'main.mjs'),
    bytes: sum(outputFiles.map(({ contents }) => contents.length)),
    gzippedBytes: sum(outputFiles.map(({ path }) => gzipSync(readFileSync(path)).length)),
    parts: [...sizes].sort(([, a], [, b]) => b - a),
  };
}

function partOf(path: string): string {
  const npmPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  return npmPackage ?? path.split('/').slice(0, 2).join('/');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
