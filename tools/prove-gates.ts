/**
 * `npm run check:prove`: a gate that cannot fail is none. Plants a violation of every rule in a copy of the tree, runs
 * the gate that forbids it, and requires that it fails and names both the file and the rule; that it names no file
 * where a rule makes an exception; and that it passes on the whole tree without plants. Leaves with 1 when any proof
 * fails.
 */
import { createRequire } from 'node:module';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Gate, type GateResult, gates, runGate, runLimited, runNode } from './gates.ts';
import { applyChanges, copyTree } from './prove/copy.ts';
import { importInnocents, importPlants } from './prove/import-plants.ts';
import { lintInnocents, lintPlants } from './prove/lint-plants.ts';
import { formatPlants, typePlants, unusedInnocents, unusedPlants } from './prove/other-plants.ts';
import type { Innocent, Plant } from './prove/plant.ts';
import { names, reportsOf } from './prove/reports.ts';

interface Proof {
  readonly title: string;
  readonly holds: boolean;
  /** Shown when it does not hold. */
  readonly reason: string;
}

const plants: readonly Plant[] = [
  ...lintPlants,
  ...typePlants,
  ...formatPlants,
  ...unusedPlants,
  ...importPlants,
];
const innocents: readonly Innocent[] = [...lintInnocents, ...unusedInnocents, ...importInnocents];

const root = process.cwd();
const copies: string[] = [];
process.once('exit', () => {
  for (const copy of copies) rmSync(copy, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const startedMs = performance.now();
const cleanCopy = makeCopy(() => true);
const proofs = await runLimited(
  [
    ...gates.flatMap((gate) => [() => provePlants(gate), () => proveClean(gate)]),
    ...plants.filter(({ alone }) => alone).map((plant) => () => proveAlone(plant)),
    proveCheck,
    proveComplete,
  ],
  Math.min(availableParallelism(), 4),
);

const all = proofs.flat();
for (const { title, holds } of all) process.stdout.write(`${holds ? 'proven' : 'FAILED'}  ${title}\n`);
const failed = all.filter(({ holds }) => !holds);
for (const { title, reason } of failed) process.stdout.write(`\n--- ${title} ---\n${reason}\n`);
process.stdout.write(
  `\n${all.length - failed.length} of ${all.length} proofs hold (${((performance.now() - startedMs) / 1000).toFixed(0)} s).\n`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

/**
 * Plants go where nothing grows: the packages and the tools, the rooms otherwise empty. A gate then answers for the
 * plants alone, in a time that does not grow with the program. tools/dashboard reads the cloud's document, so it goes
 * with the rooms.
 */
function isBesideTheRooms(file: string): boolean {
  return !/^(apps\/[^/]+\/src|bench|e2e|simulator|tools\/dashboard)\//.test(file);
}

function makeCopy(wanted = isBesideTheRooms): string {
  const copy = copyTree(root, wanted);
  copies.push(copy);
  return copy;
}

/** All plants of a gate in one copy and one run, each looked for by name. */
async function provePlants(gate: Gate): Promise<Proof[]> {
  const planted = plants.filter((plant) => plant.gate === gate.name && plant.alone !== true);
  const spared = innocents.filter((innocent) => innocent.gate === gate.name);
  const copy = makeCopy();
  for (const { changes } of [...planted, ...spared]) applyChanges(copy, changes);
  const result = await runGate(gate, copy);
  return [
    ...planted.map((plant) => caught(plant, result)),
    ...spared.map(({ title, unnamed }) => ({
      title: label(gate, `spares: ${title}`),
      holds: !result.output.includes(unnamed),
      reason: `It names ${unnamed}:\n${linesWith(result.output, unnamed)}`,
    })),
  ];
}

async function proveAlone(plant: Plant): Promise<Proof[]> {
  const gate = gates.find(({ name }) => name === plant.gate);
  if (gate === undefined) throw new Error(`there is no gate ${plant.gate}`);
  const copy = makeCopy();
  applyChanges(copy, plant.changes);
  return [caught(plant, await runGate(gate, copy))];
}

function caught(plant: Plant, { passed, output, name }: GateResult): Proof {
  const named = names(reportsOf(name, output), plant.words);
  return {
    title: `${name.padEnd(8)} ${plant.title}`,
    holds: !passed && named,
    reason: passed
      ? 'The gate passed.'
      : `No report has all of: ${plant.words.join(' | ')}\n${linesWith(output, plant.words[0] ?? '')}`,
  };
}

async function proveClean(gate: Gate): Promise<Proof[]> {
  const { passed, output } = await runGate(gate, cleanCopy);
  return [{ title: label(gate, 'passes without plants'), holds: passed, reason: output.trim() }];
}

/** The command as a whole fails with the one gate that fails, says which, and shows what it printed. */
async function proveCheck(): Promise<Proof[]> {
  const file = 'tools/planted-check.ts';
  const copy = makeCopy();
  applyChanges(copy, { [file]: 'export const a = "double"\n' });
  const { exitCode, output } = await runNode(['tools/check.ts', 'format', 'imports'], copy);
  return [
    {
      title: 'check    fails with its one failing gate',
      holds:
        exitCode === 1 &&
        /^FAIL format /m.test(output) &&
        /^ok {3}imports /m.test(output) &&
        output.includes(file),
      reason: `It left with ${exitCode} and printed:\n${output}`,
    },
  ];
}

/** A rule that is added without a plant is a rule that nobody has seen fail. */
async function proveComplete(): Promise<Proof[]> {
  const { forbidden } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
    forbidden: readonly { name: string }[];
  };
  const unproven = forbidden.filter(
    ({ name }) => !importPlants.some(({ title }) => title.startsWith(`${name}:`)),
  );
  return [
    {
      title: 'imports  every rule has a plant',
      holds: unproven.length === 0,
      reason: `Add to tools/prove/import-plants.ts: ${unproven.map(({ name }) => name).join(', ')}`,
    },
  ];
}

function label({ name }: Gate, text: string): string {
  return `${name.padEnd(8)} ${text}`;
}

function linesWith(output: string, text: string): string {
  const found = output.split('\n').filter((line) => line.includes(text));
  return found.length === 0 ? `(${text} is not named at all)` : found.join('\n');
}
