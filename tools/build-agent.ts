/**
 * `npm run build -w @edgeflow/agent`: the agent as it ships, into `apps/agent/dist`, or into the folder that is named.
 * Whatever else is in that folder is removed.
 */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleAgent } from './bundle/agent-bundle.ts';

const folder = process.argv[2] ?? fileURLToPath(new URL('../apps/agent/dist', import.meta.url));
const { files, main } = await bundleAgent(folder);
for (const { contents, name } of files) {
  process.stdout.write(`${String(Buffer.byteLength(contents)).padStart(8)} ${name}\n`);
}
process.stdout.write(`node ${relative(process.cwd(), main)}\n`);
