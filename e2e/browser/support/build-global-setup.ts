import chromium from '@sparticuz/chromium';
import type { TestProject } from 'vitest/node';
import { buildDashboard } from '../../../tools/dashboard/build.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the browser of this run is. */
    chromiumPath: string;
  }
}

/** Once for a run, before any worker: the dashboard of these sources, and the browser, unpacked from its package. */
export async function setup(project: TestProject): Promise<void> {
  await buildDashboard({ ifStale: true });
  project.provide('chromiumPath', await chromium.executablePath());
}
