import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '@edgeflow/platform';
import { openDatabase } from '../../apps/cloud/src/storage/open.ts';
import { insertLargeFleet } from '../../apps/cloud/src/testing/large-fleet.ts';
import { targetOf } from '../load/dial.ts';
import { loadHttp } from '../load/http-load.ts';
import { registrationRequests } from '../load/registration-requests.ts';
import type { Plan } from '../plan.ts';
import { type Aim, type Findings, shown } from '../report/section.ts';
import { median, percentile } from '../report/statistics.ts';
import { cpuSeconds } from '../support/child.ts';
import type { Cleanup } from '../support/cleanup.ts';
import { type BenchCloud, certificateFiles, startCloud } from '../support/cloud.ts';
import { firstRowTimes, prepareDashboard } from '../support/first-row.ts';
import { makeFolder } from '../support/folders.ts';
import { startPostgresCloud } from '../support/postgres.ts';

const firstPageMsMax = 1_000;
const searchMsMax = 300;
const registeringAtOnce = 64;
/** Hits that few, some, all and no device have; the last by two parts of its text. */
const searches = ['pi-0012', 'pump 00', 'edgeflow', 'nobody', '10.7.0', 'dc:a6:32:00:1'];

interface Read {
  readonly name: string;
  /** The queries that take turns. */
  readonly queries: readonly string[];
  readonly wanted?: number;
}

const reads: readonly Read[] = [
  { name: 'first page', queries: ['?limit=50'], wanted: firstPageMsMax },
  {
    name: 'search',
    queries: searches.map((q) => `?limit=50&q=${encodeURIComponent(q)}`),
    wanted: searchMsMax,
  },
  {
    name: 'search, by name',
    queries: searches.map((q) => `?limit=50&sort=name&q=${encodeURIComponent(q)}`),
    wanted: searchMsMax,
  },
  {
    name: 'status, tag, board',
    queries: ['?status=online&tag=hall%207', '?board=Radxa%20ROCK%205B&version=1.1.4', '?group=site%203'],
    wanted: searchMsMax,
  },
  { name: 'by last seen', queries: ['?sort=last_seen', '?sort=last_seen&order=asc'] },
  { name: 'menus of the filters', queries: ['/facets'] },
];

/** How long pages of a large fleet take, and what a search costs those who register meanwhile. */
export async function measureDevices(cleanup: Cleanup, plan: Plan): Promise<Findings> {
  await prepareDashboard();
  const folder = makeFolder(cleanup, 'devices');
  const onSqlite = await startCloud(cleanup, { folder });
  const files = certificateFiles(folder);
  const onPostgres = await startPostgresCloud(cleanup, files);
  const { fleet } = plan.devices;
  await fill(onSqlite, fleet);
  await fill(onPostgres, fleet);

  const rows: string[][] = [];
  const aims: Aim[] = [];
  for (const read of reads) {
    const cells: string[] = [];
    for (const [where, cloud] of [
      ['SQLite', onSqlite],
      ['PostgreSQL', onPostgres],
    ] as const) {
      const cpuBefore = cpuSeconds(cloud.child.pid);
      const ms = await timesOf(cloud, read, plan.devices.reads);
      const p95 = percentile(ms, 0.95);
      const cpu = ((cpuSeconds(cloud.child.pid) - cpuBefore) * 1000) / (ms.length + read.queries.length);
      cells.push(shown(median(ms)), shown(p95), shown(ms.at(-1) ?? NaN), shown(cpu));
      if (read.wanted === undefined) continue;
      const what = `${read.name} at ${fleet.toLocaleString('en-US')} devices, ${where}, p95 ms`;
      aims.push({ what, wanted: `≤ ${shown(read.wanted)}`, seen: shown(p95), met: p95 <= read.wanted });
    }
    rows.push([read.name, ...cells]);
  }
  rows.push(await inBrowser(onSqlite, onPostgres, plan, aims));
  const alone = await register(onSqlite, files.ca, plan.devices.registrations);
  const searching = searchOn(onSqlite);
  const beside = await register(onSqlite, files.ca, plan.devices.registrations);
  const searched = await searching.stop();
  const floorMs = floorOf(onSqlite);
  return {
    section: {
      title: `The list of ${fleet.toLocaleString('en-US')} devices`,
      columns: [
        '',
        ...['SQLite p50 ms', 'p95', 'most', 'CPU ms'],
        ...['PostgreSQL p50 ms', 'p95', 'most', 'CPU ms'],
      ],
      rows,
      notes: [
        'Over HTTP, one read after the other, with `total` and the keys of the devices shown; six searches take turns that few, some, all and no devices match.',
        'CPU: processor time of the cloud, all threads, a read; PostgreSQL is a process of its own and not in it.',
        'In a browser: a real Chromium on the same cores opens the page of the list, its files cached, until the first row is on the screen.',
        `Floor of a search on SQLite: ${shown(floorMs)} ms, one statement that counts what matches in the same table, in a process of its own.`,
        `On SQLite a scan goes through 2,000 devices at a time. ${registeringAtOnce} devices register at ${shown(alone.rate)} a second (p99 ${shown(alone.p99Ms)} ms) with nobody searching, at ${shown(beside.rate)} (p99 ${shown(beside.p99Ms)} ms) beside one who searches without a pause (${shown(searched)} searches meanwhile): ${shown(beside.rate / alone.rate)} of it.`,
      ],
    },
    aims,
  };
}

/** The same as a person sees it. */
async function inBrowser(
  onSqlite: BenchCloud,
  onPostgres: BenchCloud,
  { devices }: Plan,
  aims: Aim[],
): Promise<string[]> {
  const cells = ['first row in a browser'];
  for (const [where, cloud] of [
    ['SQLite', onSqlite],
    ['PostgreSQL', onPostgres],
  ] as const) {
    const ms = await firstRowTimes(cloud, devices.opened);
    const p95 = percentile(ms, 0.95);
    cells.push(shown(median(ms)), shown(p95), shown(ms.at(-1) ?? NaN), 'n/a');
    const what = `first row in a browser at ${devices.fleet.toLocaleString('en-US')} devices, ${where}, p95 ms`;
    aims.push({ what, wanted: `≤ ${shown(firstPageMsMax)}`, seen: shown(p95), met: p95 <= firstPageMsMax });
  }
  return cells;
}

async function fill(cloud: BenchCloud, fleet: number): Promise<void> {
  const { answer } = await cloud.operator.timed('/api/v1/organization');
  const { organization_id: id } = answer as { readonly organization_id: string };
  const { database } = await openDatabase(cloud.databaseUrl, {
    clock: systemClock,
    onPoolError: () => undefined,
  });
  await insertLargeFleet(database, id, fleet, systemClock.now());
  await database.close();
}

async function timesOf({ operator }: BenchCloud, { queries }: Read, times: number): Promise<number[]> {
  const ms: number[] = [];
  // The first turn warms up and is thrown away.
  for (let turn = 0; turn < times + queries.length; turn += 1) {
    const query = queries[turn % queries.length] ?? '';
    const read = await operator.timed(`/api/v1/devices${query}`);
    if (turn >= queries.length) ms.push(read.ms);
  }
  return ms.toSorted((a, b) => a - b);
}

async function register(
  { operator, plain }: BenchCloud,
  caFile: string,
  count: number,
): Promise<{ readonly rate: number; readonly p99Ms: number }> {
  const requests = registrationRequests(plain.host, await operator.makeCodes(count));
  const result = await loadHttp(targetOf(plain, caFile), registeringAtOnce, requests, 201);
  return { rate: result.ratePerSecond, p99Ms: result.p99Ms };
}

/** Somebody who searches until told to stop. */
function searchOn({ operator }: BenchCloud): { readonly stop: () => Promise<number> } {
  const stopping = new AbortController();
  const searching = (async (): Promise<number> => {
    let made = 0;
    while (!stopping.signal.aborted) {
      const q = encodeURIComponent(searches[made % searches.length] ?? '');
      await operator.timed(`/api/v1/devices?limit=50&q=${q}`);
      made += 1;
    }
    return made;
  })();
  return {
    stop: () => {
      stopping.abort();
      return searching;
    },
  };
}

function floorOf({ databaseUrl }: BenchCloud): number {
  const raw = new DatabaseSync(databaseUrl.slice('sqlite:'.length), { readOnly: true });
  const statement = raw.prepare(`select count(*) from devices
    where lifecycle <> 'deleted' and search_text like '%' || ? || '%'`);
  const ms = searches.map((text) => {
    const startMs = performance.now();
    statement.get(text);
    return performance.now() - startMs;
  });
  raw.close();
  return median(ms.slice(1));
}
