import type { Innocent, Plant } from './plant.ts';

const features = 'apps/cloud/src/features';

/** Innocent files that the plants import. */
const targets: Readonly<Record<string, string>> = {
  'apps/agent/src/planted-inside.ts': "export * from './planted-inside-too.ts';\n",
  'apps/agent/src/planted-inside-too.ts': 'export const inside = 1;\n',
  'apps/cloud/src/planted-inside.ts': "export * from '@edgeflow/contract';\n",
  'apps/cli/src/planted-inside.ts': "export * from '@edgeflow/contract';\n",
  'apps/cloud/src/planted.test.ts': "export * from '@edgeflow/contract';\n",
  'apps/cloud/src/storage/planted-storage.ts':
    "export * from '@edgeflow/contract';\nexport type Row = string;\n",
  [`${features}/planted-b/index.ts`]: "export * from './store.ts';\n",
  [`${features}/planted-b/store.ts`]: "export * from '@edgeflow/contract';\n",
  [`${features}/planted-b/routes.ts`]: "export * from '@edgeflow/contract';\n",
  [`${features}/planted-b/gateway.ts`]: "export * from '@edgeflow/contract';\n",
  [`${features}/planted-b/driver.ts`]: "export * from '@edgeflow/contract';\n",
  'bench/planted-harness.ts': "export * from '@edgeflow/contract';\n",
  'e2e/planted-harness.ts': "export * from '@edgeflow/contract';\n",
  'simulator/planted-harness.ts': "export * from '@edgeflow/contract';\n",
  'tools/planted-harness.ts': "export * from '@edgeflow/contract';\n",
};

/** `file` imports `module`, which breaks `rule`. */
function plant(rule: string, file: string, module: string): Plant {
  return {
    gate: 'imports',
    title: `${rule}: ${file}`,
    changes: { ...targets, [file]: `export * from '${module}';\n` },
    words: [`${rule}: ${file}`, '\n    '],
  };
}

const crossRoom: readonly Plant[] = [
  plant('contract-imports-nothing-of-ours', 'packages/contract/src/planted-ours.ts', '@edgeflow/platform'),
  plant('contract-depends-on-zod-alone', 'packages/contract/src/planted-builtin.ts', 'node:crypto'),
  plant('contract-depends-on-zod-alone', 'packages/contract/src/planted-package.ts', 'pino'),
  plant('platform-imports-nothing-of-ours', 'packages/platform/src/planted-ours.ts', '@edgeflow/contract'),
  plant(
    'packages-through-their-front-door',
    'apps/cli/src/planted-back-door.ts',
    '../../../packages/contract/src/limits.ts',
  ),
  plant('apps-never-import-each-other', 'apps/cloud/src/planted-app.ts', '../../agent/src/planted-inside.ts'),
  plant('apps-never-import-each-other', 'apps/agent/src/planted-app.ts', '../../cli/src/planted-inside.ts'),
  plant('apps-never-import-each-other', 'apps/cli/src/planted-app.ts', '../../cloud/src/planted-inside.ts'),
  plant(
    'apps-never-import-each-other',
    'apps/dashboard/src/planted-app.ts',
    '../../cloud/src/planted-inside.ts',
  ),
  plant('dashboard-imports-contract-alone', 'apps/dashboard/src/planted-platform.ts', '@edgeflow/platform'),
  plant('dashboard-imports-contract-alone', 'apps/dashboard/src/planted-page.tsx', '@edgeflow/platform'),
  plant('dashboard-runs-in-a-browser', 'apps/dashboard/src/planted-node.tsx', 'node:fs'),
  plant('nobody-imports-the-harness', 'apps/cloud/src/planted-bench.ts', '../../../bench/planted-harness.ts'),
  plant('nobody-imports-the-harness', 'apps/agent/src/planted-e2e.ts', '../../../e2e/planted-harness.ts'),
  plant(
    'nobody-imports-the-harness',
    'apps/cli/src/planted-simulator.ts',
    '../../../simulator/planted-harness.ts',
  ),
  plant(
    'nobody-imports-the-harness',
    'packages/platform/src/planted-tools.ts',
    '../../../tools/planted-harness.ts',
  ),
];

const insideTheCloud: readonly Plant[] = [
  plant('features-through-their-index', `${features}/planted-a/reach.ts`, '../planted-b/store.ts'),
  plant(
    'cloud-reaches-features-through-their-index',
    'apps/cloud/src/planted-reach.ts',
    './features/planted-b/store.ts',
  ),
  plant('rules-and-stores-know-no-routes', `${features}/planted-a/decide.ts`, '../planted-b/routes.ts'),
  plant('rules-and-stores-know-no-routes', `${features}/planted-a/store.ts`, '../planted-b/routes.ts'),
];

const pureCode: readonly Plant[] = [
  plant('pure-code-uses-no-io-module', `${features}/planted-c/decide.ts`, 'node:fs'),
  plant('pure-code-uses-no-io-module', 'apps/agent/src/planted-c/machine.ts', 'node:net'),
  plant('pure-code-uses-no-io-module', 'apps/cloud/src/planted-c/session.ts', 'node:child_process'),
  plant('pure-code-uses-no-io-package', `${features}/planted-d/decide.ts`, 'kysely'),
  plant('pure-code-uses-no-io-package', 'apps/agent/src/planted-d/machine.ts', 'ws'),
  plant('pure-code-knows-no-effects', `${features}/planted-b/decide.ts`, './store.ts'),
  plant('pure-code-knows-no-effects', `${features}/planted-b/machine.ts`, './driver.ts'),
  plant('pure-code-knows-no-effects', `${features}/planted-b/session.ts`, './gateway.ts'),
  plant(
    'pure-code-runs-no-infrastructure',
    `${features}/planted-e/decide.ts`,
    '../../storage/planted-storage.ts',
  ),
];

const everywhere: readonly Plant[] = [
  {
    ...plant('no-cycle', 'apps/cli/src/planted-cycle-a.ts', './planted-cycle-b.ts'),
    changes: {
      'apps/cli/src/planted-cycle-a.ts': "export * from './planted-cycle-b.ts';\n",
      'apps/cli/src/planted-cycle-b.ts': "export * from './planted-cycle-a.ts';\n",
    },
  },
  {
    ...plant('no-orphan', 'apps/cli/src/planted-orphan.ts', ''),
    changes: { 'apps/cli/src/planted-orphan.ts': 'export const alone = 1;\n' },
  },
  plant('no-unresolvable', 'apps/cli/src/planted-nowhere.ts', './planted-gone.ts'),
  plant('no-undeclared-package', 'apps/cli/src/planted-undeclared.ts', 'fastify'),
  plant('no-dev-dependency-in-production', 'apps/cloud/src/planted-dev.ts', 'vitest'),
  plant('production-knows-no-test-code', 'apps/cloud/src/planted-test.ts', './planted.test.ts'),
  plant(
    'production-knows-no-test-code',
    'apps/agent/src/planted-simulated.ts',
    '@edgeflow/platform/simulated',
  ),
];

const configuration = '.dependency-cruiser.cjs';

/** A cruiser that does not look finds nothing wrong: the gate has to notice. */
const blindfolds: readonly Plant[] = [
  blindfold(
    'a cruiser that reads nothing',
    "exclude = { path: '.' }",
    '@edgeflow/contract',
    'apps/cli/src/planted-inside.ts',
  ),
  blindfold(
    'a cruiser that skips a room',
    "exclude = { path: '^apps/cli/' }",
    '@edgeflow/contract',
    'apps/cli/src/planted-a.ts',
  ),
  blindfold(
    'a cruiser that skips imports',
    "exclude = { path: '/dist/' }",
    'kysely',
    'apps/cloud/src/planted-a.ts → kysely',
  ),
  blindfold(
    'a cruiser blind to types',
    'tsPreCompilationDeps = false',
    'zod',
    'apps/cloud/src/planted-a.ts → zod',
  ),
];

function blindfold(title: string, option: string, module: string, unread: string): Plant {
  return {
    gate: 'imports',
    title,
    changes: {
      ...targets,
      'apps/cli/src/planted-a.ts': `export type * from '${module}';\n`,
      'apps/cloud/src/planted-a.ts': `export type * from '${module}';\n`,
      [configuration]: (text) => `${text}\nmodule.exports.options.${option};\n`,
    },
    words: ['unread:', unread],
    alone: true,
  };
}

export const importPlants: readonly Plant[] = [
  ...crossRoom,
  ...insideTheCloud,
  ...pureCode,
  ...everywhere,
  ...blindfolds,
];

function innocent(title: string, unnamed: string, ...modules: string[]): Innocent {
  const code = modules.map((module) => `export * from '${module}';\n`).join('');
  return { gate: 'imports', title, changes: { ...targets, [unnamed]: code }, unnamed };
}

export const importInnocents: readonly Innocent[] = [
  innocent('contract uses zod', 'packages/contract/src/planted-zod.ts', 'zod'),
  innocent('an index of a feature', `${features}/planted-a/uses-index.ts`, '../planted-b/index.ts'),
  innocent(
    'a test uses vitest',
    'apps/cloud/src/planted-ok.test.ts',
    'vitest',
    '@edgeflow/platform/simulated',
  ),
  innocent(
    'e2e imports two apps',
    'e2e/planted-both.ts',
    '../apps/cloud/src/planted-inside.ts',
    './planted-harness.ts',
  ),
  innocent(
    'pure code uses contract and hashes',
    'apps/agent/src/planted-f/machine.ts',
    '@edgeflow/contract',
    'node:crypto',
  ),
  {
    ...innocent('pure code names the type of a row', `${features}/planted-f/decide.ts`),
    changes: {
      ...targets,
      [`${features}/planted-f/decide.ts`]: "export type { Row } from '../../storage/planted-storage.ts';\n",
    },
  },
];
