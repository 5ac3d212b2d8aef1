import { registerHooks } from 'node:module';
import type { Plant } from './plant.ts';
import { plants } from './plants.ts';

/**
 * Puts a known bug into the programs as they are loaded; the files stay as they are. Call it before anything that it
 * touches is imported.
 *
 * @throws Error for a name that is unknown, and, when the file is loaded, for a text that is not in it any more.
 */
export function plantBug(name: string): void {
  const plant = plants.find((one) => one.name === name);
  if (plant === undefined) throw new Error(`There is no planted bug ${name}; --plant list names them.`);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(`/${plant.file}`)) return loaded;
      return { ...loaded, source: change(plant, textOf(loaded.source)) };
    },
  });
}

/** Every edit in its place, each of them found exactly once. */
export function change({ name, file, edits }: Plant, source: string): string {
  return edits.reduce((text, { find, replace }) => {
    if (text.split(find).length !== 2) {
      throw new Error(`The planted bug ${name} fits ${file} no more: it looks for "${find}" in it, once.`);
    }
    return text.replace(find, () => replace);
  }, source);
}

function textOf(source: unknown): string {
  if (typeof source === 'string') return source;
  if (source instanceof Uint8Array) return Buffer.from(source).toString('utf8');
  throw new TypeError('the module has no text');
}
