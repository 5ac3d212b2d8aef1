import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;
const postgres = join(root, 'apps/cloud/src/storage/testing/postgres-global-setup.ts');
/** Starts PostgreSQL once for a project. Vitest leaves it out of a run that has no file of that project. */
const withPostgres = { globalSetup: existsSync(postgres) ? [postgres] : [] };

const unitTimeoutMs = 30_000;
const e2eTimeoutMs = 120_000;

export default defineConfig({
  test: {
    root,
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{packages,bench,tools}/**/*.test.ts', 'apps/!(cloud)/**/*.test.ts'],
          testTimeout: unitTimeoutMs,
          hookTimeout: unitTimeoutMs,
        },
      },
      {
        extends: true,
        test: {
          name: 'cloud',
          include: ['apps/cloud/**/*.test.ts'],
          testTimeout: unitTimeoutMs,
          hookTimeout: unitTimeoutMs,
          ...withPostgres,
        },
      },
      {
        extends: true,
        test: {
          name: 'simulator',
          include: ['simulator/**/*.test.ts'],
          testTimeout: e2eTimeoutMs,
          hookTimeout: e2eTimeoutMs,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: ['e2e/browser/**'],
          testTimeout: e2eTimeoutMs,
          hookTimeout: e2eTimeoutMs,
          ...withPostgres,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['e2e/browser/**/*.test.ts'],
          testTimeout: e2eTimeoutMs,
          hookTimeout: e2eTimeoutMs,
          globalSetup: [join(root, 'e2e/browser/support/build-global-setup.ts')],
        },
      },
    ],
  },
});
