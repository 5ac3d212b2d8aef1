/** TypeScript on the tree: what runs in Node.js, and what runs in a browser. Leaves with 1 when either fails. */
import { runNode } from './gates.ts';

const projects = ['.', 'apps/dashboard'];

const results = await Promise.all(
  projects.map((project) =>
    runNode(['node_modules/typescript/bin/tsc', '--noEmit', '--project', project], process.cwd()),
  ),
);
for (const { output } of results) process.stdout.write(output);
process.exitCode = results.every(({ exitCode }) => exitCode === 0) ? 0 : 1;
