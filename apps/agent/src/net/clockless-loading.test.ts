import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Prints every module whose name fits, in a fresh process that loads all that a running agent does. */
const program = `
  import { registerHooks } from 'node:module';
  const seen = [];
  registerHooks({
    resolve(name, context, next) {
      const found = next(name, context);
      if (/pkijs|asn1js|path-validation/.test(found.url)) seen.push(found.url);
      return found;
    },
  });
  await import(process.argv[1]);
  const before = seen.length;
  await import(process.argv[2]);
  console.log(JSON.stringify([before, seen.length > before]));
`;

it('a device with a right clock holds nothing of what judges certificates without one', async () => {
  const modules = ['../cli/run.ts', './path-validation.ts'].map((name) => import.meta.resolve(name));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program, ...modules]);
  expect(JSON.parse(stdout)).toEqual([0, true]);
});
