import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, transform } from 'esbuild';
import { buildDate } from './build-date.ts';
import { lateBuiltins } from './late-builtins.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
/** The oldest Node.js that published packages run on. */
const target = 'node22';

export interface BundledFile {
  readonly name: string;
  readonly contents: string;
}

export interface AgentBundle {
  /** The file to run. */
  readonly main: string;
  readonly files: readonly BundledFile[];
  /** Bytes of the largest parts, the largest first: packages by their name. */
  readonly parts: readonly (readonly [name: string, bytes: number])[];
}

/**
 * Bundles the agent as it ships into `folder`, which holds nothing else afterwards: `main.cjs`, and a file of its own
 * for whatever is loaded only when it is asked for.
 *
 * esbuild splits ES modules only, and Node's loader for them costs 4 MB of resident memory that a CommonJS program
 * does not pay; so the parts are split as ES modules first and each is then turned into CommonJS. Their names hold a
 * hash of what is in them: an agent that still runs while it is upgraded never loads half of another version.
 */
export async function bundleAgent(folder: string): Promise<AgentBundle> {
  const date = buildDate(process.env, repository);
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
    outExtension: { '.js': '.cjs' },
    define: date === undefined ? {} : { EDGEFLOW_BUILD_DATE: JSON.stringify(date) },
    plugins: [lateBuiltins],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const files = await Promise.all(
    outputFiles.map(async ({ path, text }) => ({ name: basename(path), contents: await asCommonJs(text) })),
  );
  if (date !== undefined && !files.some(({ contents }) => contents.includes(date))) {
    throw new Error('The bundle lacks the date of its build: see apps/agent/src/release-date.ts.');
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { contents, name } of files) writeFileSync(join(folder, name), contents);
  return { main: join(folder, 'main.cjs'), files, parts: partsOf(metafile) };
}

async function asCommonJs(text: string): Promise<string> {
  const { code, warnings } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    minify: true,
    target,
    // import() would start the loader that is to be spared; require() of a part does the same.
    supported: { 'dynamic-import': false },
  });
  // Such as `import.meta`, which is empty there.
  if (warnings.length > 0) throw new Error(warnings.map((warning) => warning.text).join('\n'));
  return code;
}

function partsOf({ outputs }: Metafile): [name: string, bytes: number][] {
  const sizes = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = partOf(path);
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...sizes].sort(([, a], [, b]) => b - a);
}

function partOf(path: string): string {
  const npmPackage = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  return npmPackage ?? path.split('/').slice(0, 2).join('/');
}
