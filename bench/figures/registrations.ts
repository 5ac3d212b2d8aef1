import { join } from 'node:path';
import { targetOf } from '../load/dial.ts';
import { loadHttp } from '../load/http-load.ts';
import { readIdentities, registrationRequests } from '../load/registration-requests.ts';
import type { Plan } from '../plan.ts';
import { type Aim, type Findings, shown, shownSpread } from '../report/section.ts';
import { median } from '../report/statistics.ts';
import { type Child, cpuSeconds } from '../support/child.ts';
import type { Cleanup } from '../support/cleanup.ts';
import { type BenchCloud, certificateFiles, startCloud } from '../support/cloud.ts';
import { type Floor, startFloor } from '../support/floor.ts';
import { makeFolder } from '../support/folders.ts';
import { startPostgresCloud } from '../support/postgres.ts';

const aimedDevices = 64;
const aimedPerSecond = 4_000;
const aimedShareOfFloor = 0.5;

/** Whoever registers devices: ours or the floor. */
interface Registrar {
  readonly child: Child;
  readonly plain: URL;
  readonly secure: URL;
  readonly ids: Set<string>;
  makeCodes(count: number): Promise<string[]>;
  countDevices(): Promise<number>;
}

interface Level {
  readonly devices: number;
  readonly requests: number;
  readonly transport: 'http' | 'tls';
}

interface Rounds {
  readonly rate: number[];
  readonly p50Ms: number[];
  readonly p99Ms: number[];
  /** Microseconds of processor time of the server, all its threads, a registration. */
  readonly cpuUs: number[];
}

/** Durable registrations a second at several numbers of concurrent devices, ours and the floor in turns. */
export async function measureRegistrations(cleanup: Cleanup, plan: Plan): Promise<Findings> {
  const folder = makeFolder(cleanup, 'registrations');
  const cloud = await startCloud(cleanup, { folder });
  const files = certificateFiles(folder);
  const floor = await startFloor(cleanup, {
    program: 'floor-registrations',
    args: [join(makeFolder(cleanup, 'floor'), 'floor.db'), files.certificate, files.key],
  });
  const ours = registrarOfCloud(cloud);
  const floors = registrarOfFloor(floor);
  const postgres = registrarOfCloud(await startPostgresCloud(cleanup, files));

  const levels: Level[] = [
    ...plan.registrations.levels.map((level) => ({ ...level, transport: 'http' as const })),
    { ...plan.registrations.tls, transport: 'tls' },
  ];
  const results = levels.map((level) => ({ level, ours: noRounds(), floor: noRounds() }));
  const onPostgres = noRounds();
  const postgresLevel = levels.find(({ devices }) => devices === aimedDevices);

  // The first round warms up and is thrown away.
  for (let round = 0; round <= plan.rounds; round += 1) {
    for (const result of results) {
      await measure(ours, result.level, files.ca, round === 0 ? noRounds() : result.ours);
      await measure(floors, result.level, files.ca, round === 0 ? noRounds() : result.floor);
    }
    if (postgresLevel === undefined) continue;
    await measure(postgres, postgresLevel, files.ca, round === 0 ? noRounds() : onPostgres);
  }
  for (const registrar of [ours, floors, postgres]) await requireAllStored(registrar);

  const rows = results.map(({ floor: below, level, ours: above }) => [
    ...[`${level.devices} over ${level.transport === 'tls' ? 'TLS' : 'plain HTTP'}`],
    ...[...cells(above), ...cells(below), shown(median(above.rate) / median(below.rate))],
  ]);
  if (postgresLevel !== undefined) {
    rows.push([`${postgresLevel.devices}, PostgreSQL`, ...cells(onPostgres), ...cells(noRounds()), 'n/a']);
  }
  return {
    section: {
      title: 'Durable registrations',
      columns: [
        'devices at once',
        ...['ours /s', 'p50 ms', 'p99 ms', 'CPU µs'],
        ...['floor /s', 'p50 ms', 'p99 ms', 'CPU µs', 'ours/floor'],
      ],
      rows,
      notes: [...notes, `At the end ours and the floor hold ${shown(ours.ids.size)} devices each.`],
    },
    aims: aimsOf(results),
  };
}

const notes = [
  'Floor: bare node:http that parses the JSON and writes the same rows with prepared statements to the same schema, SQLite in WAL with synchronous=FULL, one fsync a batch.',
  'Closed loop over kept-alive connections; every request has its own code and Idempotency-Key; every answer was 201 with an id of its own, and all devices were counted afterwards.',
  'CPU: processor time of the server, all threads, a registration. The load generator shares the cores.',
];

async function measure(registrar: Registrar, level: Level, caFile: string, into: Rounds): Promise<void> {
  const url = level.transport === 'tls' ? registrar.secure : registrar.plain;
  const requests = registrationRequests(url.host, await registrar.makeCodes(level.requests));
  const { pid } = registrar.child;
  const cpuBefore = cpuSeconds(pid);
  const result = await loadHttp(targetOf(url, caFile), level.devices, requests, 201);
  const cpu = cpuSeconds(pid) - cpuBefore;
  readIdentities(result.bodies, registrar.ids);
  into.rate.push(result.ratePerSecond);
  into.p50Ms.push(result.p50Ms);
  into.p99Ms.push(result.p99Ms);
  into.cpuUs.push((cpu * 1_000_000) / level.requests);
}

async function requireAllStored(registrar: Registrar): Promise<void> {
  const stored = await registrar.countDevices();
  if (stored === registrar.ids.size) return;
  throw new Error(`${String(registrar.ids.size)} devices were answered 201, ${String(stored)} are stored`);
}

function registrarOfCloud({ child, operator, plain, secure }: BenchCloud): Registrar {
  return {
    ...{ child, plain, secure, ids: new Set() },
    makeCodes: (count) => operator.makeCodes(count),
    countDevices: () => operator.countDevices(),
  };
}

function registrarOfFloor({ child, get, plain, secure }: Floor): Registrar {
  return {
    ...{ child, plain, secure, ids: new Set() },
    makeCodes: async (count) => (await get(`/codes/${String(count)}`)) as string[],
    countDevices: async () => (await get('/')) as number,
  };
}

function noRounds(): Rounds {
  return { rate: [], p50Ms: [], p99Ms: [], cpuUs: [] };
}

function cells({ cpuUs, p50Ms, p99Ms, rate }: Rounds): string[] {
  return [shownSpread(rate), shown(median(p50Ms)), shown(median(p99Ms)), shown(median(cpuUs))];
}

function aimsOf(results: readonly { level: Level; ours: Rounds; floor: Rounds }[]): Aim[] {
  const aimed = results.find(({ level }) => level.devices === aimedDevices && level.transport === 'http');
  if (aimed === undefined) return [];
  const rate = median(aimed.ours.rate);
  const share = rate / median(aimed.floor.rate);
  const what = `registrations/s at ${aimedDevices} devices`;
  return [
    { what, wanted: `≥ ${shown(aimedPerSecond)}`, seen: shown(rate), met: rate >= aimedPerSecond },
    {
      what: `${what}, share of the floor`,
      wanted: `≥ ${shown(aimedShareOfFloor)}`,
      seen: shown(share),
      met: share >= aimedShareOfFloor,
    },
  ];
}
