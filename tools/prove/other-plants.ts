import type { Innocent, Plant } from './plant.ts';

const wrongType = 'export const wrong: number = "text";\n';

function typePlant(title: string, code: string, text: string, file: string): Plant {
  return { gate: 'types', title, changes: { [file]: `${text}\n` }, words: [file, code] };
}

/** One error in every room, so that none is left out of tsconfig.json, and one for each of its strict options. */
export const typePlants: readonly Plant[] = [
  ...['packages/contract/src', 'apps/cloud/src', 'bench', 'e2e', 'tools'].map((folder) =>
    typePlant(`an error in ${folder}`, 'TS2322', wrongType, `${folder}/planted-type.ts`),
  ),
  typePlant('an error in a page', 'TS2322', wrongType, 'apps/dashboard/src/planted-type.tsx'),
  typePlant(
    'noUncheckedIndexedAccess',
    'TS2322',
    'export const first = (list: number[]): number => list[0];',
    'apps/cli/src/planted-index.ts',
  ),
  typePlant(
    'exactOptionalPropertyTypes',
    'TS2375',
    'export const x: { a?: number } = { a: undefined };',
    'apps/cli/src/planted-optional.ts',
  ),
  typePlant(
    'verbatimModuleSyntax',
    'TS1484',
    "import { Clock } from '@edgeflow/platform';\nexport type C = Clock;",
    'apps/cli/src/planted-verbatim.ts',
  ),
  typePlant(
    'erasableSyntaxOnly',
    'TS1294',
    'export enum Colour {\n  Red,\n}',
    'apps/cli/src/planted-enum.ts',
  ),
  typePlant(
    'noUnusedLocals',
    'TS6133',
    'export function f(): void {\n  const spare = 1;\n}',
    'apps/cli/src/planted-local.ts',
  ),
];

export const formatPlants: readonly Plant[] = [
  ['apps/cloud/src/planted-format.ts', 'export const a = "double"\n'],
  ['apps/dashboard/src/planted-format.tsx', 'export const a = <p>"double"</p>\n'],
  ['docs/planted-format.md', '*  a\n*  b\n'],
  ['planted-format.json', '{"a":\n1}\n'],
].map(([file = '', text = '']) => ({
  gate: 'format',
  title: `unformatted ${file}`,
  changes: { [file]: text },
  words: ['[warn]', file],
}));

const usedFile = 'apps/cli/src/planted-used.ts';
const contractFile = 'packages/contract/src/planted-unused.ts';
const unusedSetup = {
  [usedFile]:
    'export const used = 1;\nexport const spareValue = 2;\nexport interface SpareType {\n  a: 1;\n}\n',
  'apps/cli/src/planted-used.test.ts':
    "import 'fastify';\nimport { used } from './planted-used.ts';\n\nif (used !== 1) throw new Error();\n",
};

function withDependency(key: string, name: string) {
  return (text: string): string => {
    const manifest = JSON.parse(text) as Record<string, Record<string, string>>;
    return JSON.stringify({ ...manifest, [key]: { ...manifest[key], [name]: '1.0.0' } });
  };
}

export const unusedPlants: readonly Plant[] = [
  {
    gate: 'unused',
    title: 'a file that nobody imports',
    changes: { 'apps/cloud/src/planted-unused.ts': 'export const a = 1;\n' },
    words: ['Unused files', 'apps/cloud/src/planted-unused.ts'],
  },
  {
    gate: 'unused',
    title: 'a page that nobody imports',
    changes: { 'apps/dashboard/src/planted-unused.tsx': 'export const a = 1;\n' },
    words: ['Unused files', 'apps/dashboard/src/planted-unused.tsx'],
  },
  {
    gate: 'unused',
    title: 'an export that nobody imports',
    changes: unusedSetup,
    words: ['Unused exports', usedFile, 'spareValue'],
  },
  {
    gate: 'unused',
    title: 'a type that nobody imports',
    changes: unusedSetup,
    words: ['Unused exported types', usedFile, 'SpareType'],
  },
  {
    gate: 'unused',
    title: 'a value of the contract that nobody uses',
    changes: {
      [contractFile]: 'export const spareLimit = 1;\n/** @public */\nexport const offeredLimit = 2;\n',
      'packages/contract/src/index.ts': (text) => `${text}export * from './planted-unused.ts';\n`,
    },
    words: ['Unused exports', contractFile, 'spareLimit'],
  },
  {
    gate: 'unused',
    title: 'a dependency that nobody imports',
    changes: { 'apps/cli/package.json': withDependency('dependencies', 'picomatch') },
    words: ['Unused dependencies', 'apps/cli/package.json', 'picomatch'],
  },
  {
    gate: 'unused',
    title: 'a devDependency that nobody uses',
    changes: { 'package.json': withDependency('devDependencies', 'picomatch') },
    words: ['Unused devDependencies', 'package.json', 'picomatch'],
  },
  {
    gate: 'unused',
    title: 'a package that is not declared',
    changes: unusedSetup,
    words: ['Unlisted dependencies', 'apps/cli/src/planted-used.test.ts', 'fastify'],
  },
];

export const unusedInnocents: readonly Innocent[] = [
  {
    gate: 'unused',
    title: 'a contract export tagged @public',
    changes: {},
    unnamed: 'offeredLimit',
  },
  {
    gate: 'unused',
    title: 'an export used by a test alone',
    changes: {
      'apps/cli/src/planted-for-test.ts': 'export const usedByTestAlone = 1;\n',
      'apps/cli/src/planted-for-test.test.ts':
        "import { usedByTestAlone } from './planted-for-test.ts';\n\nif (usedByTestAlone !== 1) throw new Error();\n",
    },
    unnamed: 'planted-for-test',
  },
];
