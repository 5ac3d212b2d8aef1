import { type Ban, type BanMatch, machineBans, randomBans } from '../lint/bans.ts';
import type { Innocent, Plant } from './plant.ts';

const folder = 'apps/cloud/src/planted-lint';

const statements = (count: number): string =>
  Array.from({ length: count }, (_, index) => `  total += ${index};`).join('\n');

/** Rule of ESLint → code that breaks it. */
const ruleBreakers: Readonly<Record<string, string>> = {
  '@typescript-eslint/no-floating-promises': 'export function f(): void {\n  Promise.resolve(1);\n}',
  '@typescript-eslint/no-misused-promises':
    'export function f(p: Promise<boolean>): number {\n  return p ? 1 : 2;\n}',
  '@typescript-eslint/await-thenable': 'export async function f(): Promise<void> {\n  await 1;\n}',
  '@typescript-eslint/switch-exhaustiveness-check':
    "export function f(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n      break;\n  }\n}",
  '@typescript-eslint/no-explicit-any': 'export let x: any;',
  '@typescript-eslint/no-non-null-assertion': 'export const f = (x: number[] | undefined): number[] => x!;',
  '@typescript-eslint/consistent-type-imports':
    "import { Clock } from '@edgeflow/platform';\nexport type C = Clock;",
  '@typescript-eslint/no-unsafe-assignment': "export const x: number = JSON.parse('1');",
  complexity: `export function f(n: number): number {\n${Array.from({ length: 20 }, (_, i) => `  if (n === ${i}) return ${i + 1};`).join('\n')}\n  return 0;\n}`,
  'max-lines-per-function': `export function f(): number {\n  let total = 0;\n${statements(70)}\n  return total;\n}`,
  'max-lines': Array.from({ length: 301 }, (_, index) => `export const line${index} = ${index};`).join('\n'),
};

const defaultExports: Readonly<Record<string, string>> = {
  'default export': 'export default function f(): number {\n  return 1;\n}',
  'export { x as default }': 'const x = 1;\nexport { x as default };',
};

const ruleOf: Readonly<Record<BanMatch['kind'], string>> = {
  global: 'no-restricted-globals',
  import: 'no-restricted-imports',
  property: 'no-restricted-properties',
  syntax: 'no-restricted-syntax',
};

function subjectOf(match: BanMatch): string {
  switch (match.kind) {
    case 'global':
      return match.name;
    case 'import':
      return `node:${match.module}`;
    case 'property':
      return match.object === undefined ? match.property : `${match.object}.${match.property}`;
    case 'syntax':
      return match.selector;
  }
}

function banPlant({ example, message, match }: Ban, index: number): Plant {
  const file = `${folder}/ban-${index}.ts`;
  // ESLint's message names what was used, except for a selector, whose message is all it prints.
  const subject = match.kind === 'syntax' ? [] : [subjectOf(match)];
  return {
    gate: 'lint',
    title: `ban ${match.kind === 'syntax' ? example : subjectOf(match)}`,
    changes: { [file]: `${example}\n` },
    words: [file, ruleOf[match.kind], message.replace(/\.$/, ''), ...subject],
  };
}

/** The file's name must not hold the rule's, or the file alone would vouch for it. */
function rulePlant([rule, code]: [string, string], index: number): Plant {
  const file = `${folder}/rule-${index}.ts`;
  return { gate: 'lint', title: rule, changes: { [file]: `${code}\n` }, words: [file, `  ${rule}`] };
}

function defaultExportPlant([title, code]: [string, string], index: number): Plant {
  const file = `${folder}/default-${index}.ts`;
  return { gate: 'lint', title, changes: { [file]: `${code}\n` }, words: [file, 'Use a named export'] };
}

/** What a page may do as little as the rest, and what React forbids. */
const pagePlants: readonly Plant[] = [
  ['the clock in a page', 'no-restricted-properties', 'export const now = (): number => Date.now();'],
  ['a timer in a page', 'no-restricted-globals', 'export const t = setTimeout(() => undefined, 1);'],
  ['any in a page', '@typescript-eslint/no-explicit-any', 'export let x: any;'],
  [
    'a hook behind a condition',
    'react-hooks/rules-of-hooks',
    "import { useState } from 'react';\n\nexport function Page({ a }: { readonly a: boolean }): string {\n  if (a) useState(1);\n  return '';\n}",
  ],
].map(([title = '', rule = '', code = ''], index) => {
  const file = `apps/dashboard/src/planted-lint/page-${index}.tsx`;
  return { gate: 'lint', title, changes: { [file]: `${code}\n` }, words: [file, `  ${rule}`] };
});

export const lintPlants: readonly Plant[] = [
  ...pagePlants,
  ...Object.entries(ruleBreakers).map(rulePlant),
  ...Object.entries(defaultExports).map(defaultExportPlant),
  ...[...machineBans, ...randomBans].map(banPlant),
];

const readsTheMachine =
  'export const now = (): number => Date.now();\n' +
  'export const home = process.env.HOME;\n' +
  'export const timer = setTimeout(() => undefined, 1);\n';
const drawsRandomBytes = "import { randomBytes } from 'node:crypto';\nexport const bytes = randomBytes(8);\n";

function innocent(title: string, unnamed: string, code: string): Innocent {
  return { gate: 'lint', title, changes: { [unnamed]: code }, unnamed };
}

export const lintInnocents: readonly Innocent[] = [
  innocent('main.ts reads the machine', 'apps/planted-app/src/main.ts', readsTheMachine),
  innocent(
    'a test reads the machine',
    'apps/cloud/src/planted-lint/x.test.ts',
    readsTheMachine + drawsRandomBytes,
  ),
  innocent('bench reads the machine', 'bench/planted-machine.ts', readsTheMachine + drawsRandomBytes),
  innocent(
    'the platform of the pages',
    'apps/dashboard/src/platform.ts',
    'export const now = (): number => Date.now();\n',
  ),
  innocent('e2e reads the machine', 'e2e/planted-machine.ts', readsTheMachine + drawsRandomBytes),
  innocent('tools read the machine', 'tools/planted-machine.ts', readsTheMachine + drawsRandomBytes),
  innocent('the real platform', 'packages/platform/src/real/planted.ts', readsTheMachine + drawsRandomBytes),
  innocent('a long test', 'apps/cloud/src/planted-lint/long.test.ts', `${ruleBreakers['max-lines'] ?? ''}\n`),
  innocent('default export of a config', 'planted.config.ts', 'export default { a: 1 };\n'),
];
