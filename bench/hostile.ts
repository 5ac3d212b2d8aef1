/**
 * `npm run hostile`: 1,000 honest devices, and beside them all hostile clients at once, against a real cloud process on
 * loopback. Prints what became of the cloud's memory and of the honest; `--write` keeps it in docs/hostile-clients.md,
 * `--quick` is for trying things out. Ends with 1 when an honest device was harmed or memory was not bounded.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { getPriority, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemClock } from '@edgeflow/platform';
import { describeMachine } from './report/description.ts';
import { asMarkdown, asText } from './report/table.ts';
import { attacks } from './hostile/attack.ts';
import { type HonestReport, type HostileReport, Phase } from './hostile/phase.ts';
import { acceptQueue } from './support/accept-queue.ts';
import { type Child, residentBytes, startChild, waitForMember } from './support/child.ts';
import { Cleanup } from './support/cleanup.ts';
import { certificateFiles, startCloud } from './support/cloud.ts';
import { makeFolder } from './support/folders.ts';
import { registerFleet } from './figures/fleet.ts';
import { parseLog } from '../e2e/support/processes.ts';

const honestDevices = 1_000;
const hostileDevices = 20;
const registrationsMax = 2_000;
const sampleMs = 1_000;
/** A cloud that does not say how it is in time is looked at from outside alone. */
const askMs = 1_000;
const fleetMs = 120_000;
/** What the cloud may take more while it is attacked, in bytes. */
const growthMax = 600_000_000;
const resultFile = new URL('../docs/hostile-clients.md', import.meta.url);

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
});
const seconds = options.quick ? { calm: 5, attack: 20, after: 10 } : { calm: 15, attack: 90, after: 30 };
const cleanup = new Cleanup();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void cleanup.run().then(() => process.exit(1)));
}
try {
  await run();
} finally {
  await cleanup.run();
}

async function run(): Promise<void> {
  const folder = makeFolder(cleanup, 'hostile');
  const cloud = await startCloud(cleanup, { folder });
  const identities = await registerFleet(cloud, honestDevices + hostileDevices);
  const { ca } = certificateFiles(folder);
  const ports = [cloud.secure, cloud.plain].map(({ port }) => Number(port));
  const fleetFile = keep('fleet', {
    identities: identities.slice(0, honestDevices),
    codes: await cloud.operator.makeCodes(registrationsMax),
  });
  const honest = startChild(cleanup, {
    name: 'honest devices',
    args: ['bench/honest-devices.ts', cloud.secure.href, ca, fleetFile],
  });
  await waitForMember(honest, 'ready', fleetMs);
  const phases: Phase[] = [];
  phases.push(await watch('calm before', seconds.calm, honest));
  const knownFile = keep('known', {
    identities: identities.slice(honestDevices),
    token: cloud.operator.token,
  });
  const hostile = startChild(cleanup, {
    name: 'hostile clients',
    args: ['bench/hostile-clients.ts', cloud.secure.href, cloud.plain.href, ca, knownFile],
  });
  phases.push(await watch('under attack', seconds.attack, honest));
  const reached = lastReport(hostile);
  await hostile.kill();
  phases.push(await watch('calm after', seconds.after, honest));
  report(phases, reached);

  function keep(name: string, value: unknown): string {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(value), { mode: 0o600 });
    return file;
  }

  async function watch(name: string, forSeconds: number, fleet: Child): Promise<Phase> {
    const phase = new Phase(name);
    const untilMs = performance.now() + forSeconds * 1_000;
    while (performance.now() < untilMs) {
      const from = fleet.lines.length;
      await sleep(sampleMs);
      const lag = await loopLagMs(cloud.plain).catch(() => NaN);
      phase.sample({
        residentBytes: residentBytes(cloud.child.pid),
        openFiles: readdirSync(`/proc/${String(cloud.child.pid)}/fd`).length,
        queued: acceptQueue(ports),
        loopLagMs: lag,
      });
      for (const line of fleet.lines.slice(from)) {
        const said = parseLog(line)?.['honest'];
        if (said !== undefined) phase.hear(said as HonestReport);
      }
    }
    process.stdout.write(`${phase.describe().join('  ')}\n`);
    return phase;
  }
}

function lastReport(child: Child): HostileReport {
  const line = child.lines.findLast((one) => parseLog(one)?.['hostile'] !== undefined) ?? '{"hostile":[]}';
  return parseLog(line)?.['hostile'] as HostileReport;
}

async function loopLagMs(plain: URL): Promise<number> {
  const text = await (await fetch(new URL('/metrics', plain), { signal: AbortSignal.timeout(askMs) })).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1]) * 1000;
}

function report(phases: readonly Phase[], reached: HostileReport): void {
  const machine = describeMachine(systemClock);
  const honest = {
    title: 'The cloud, and its honest devices',
    columns: Phase.columns,
    rows: phases.map((phase) => phase.describe()),
    notes: [
      `${String(honestDevices)} devices with tunnels over TLS, each beating every 3 s (real devices: 30 s); 5 new devices a second register over the agent’s own transport, with its deadlines, its backoff and the same key again. Heartbeat: from the ping to its pong.`,
      'Tried again: devices of which an attempt failed, since the start, whatever became of them. Refused: those that got a final answer other than an identity. Slowest: from the first attempt to the identity. In the kernel’s queue: connections that wait to be accepted.',
      'Memory: resident, sampled once a second. Event loop: the highest 99th percentile of a second, as the process itself measures it. Honest, hostile and cloud share the processors.',
    ],
  };
  const hostile = {
    title: 'The hostile clients',
    columns: ['kind', 'wanted at once', 'open at the end', 'opened', 'sent away'],
    rows: reached.map(({ closed, name, open, opened }) => {
      const wanted = attacks.find((attack) => attack.name === name)?.clients ?? 0;
      return [name, wanted, open, opened, closed].map(String);
    }),
    notes: [
      'All at once. Those that read notice when they are sent away, and come again; those that read nothing hold a dead socket. They come from eight addresses of loopback.',
    ],
  };
  const load = [
    'load',
    `average of the last minutes ${loadavg()
      .map((one) => one.toFixed(1))
      .join(', ')}`,
  ] as const;
  const priority = ['priority', `nice ${String(getPriority())}, as are the honest and the hostile`] as const;
  const facts = [...machine, load, priority].map(([name, value]) => `- ${name}: ${value}`).join('\n');
  const [before, attacked] = phases;
  const growth = (attacked?.mostBytes ?? NaN) - (before?.mostBytes ?? NaN);
  const harmed = phases.flatMap((phase) => phase.harm);
  const verdict = verdictOf(phases.at(-1)?.last, growth);
  const failures = failuresOf(phases.at(-1)?.last);
  for (const section of [honest, hostile]) process.stdout.write(`${asText(section)}\n`);
  process.stdout.write(`\n${[verdict, ...failures].join('\n')}\n`);
  if (options.write) {
    const intro = `# Hostile clients beside honest devices\n\nWritten by \`npm run hostile -- --write\`, which starts a real cloud process on loopback.\n\n${[`**${verdict}**`, ...failures].join('\n\n')}`;
    const text = [intro, facts, asMarkdown(honest), asMarkdown(hostile), ''].join('\n\n');
    writeFileSync(resultFile, text);
  }
  for (const what of harmed) process.stderr.write(`${what}\n`);
  if (harmed.length > 0 || !(growth < growthMax)) process.exitCode = 1;
}

function verdictOf(last: HonestReport | undefined, growth: number): string {
  return `Honest devices disconnected: ${String(last?.lost)}. Registrations refused: ${String(last?.refused.length)}; tried again: ${String(last?.retried)}; unfinished at the end: ${String(last?.unfinished)}. Memory grew by at most ${(growth / 1e6).toFixed(0)} MB.`;
}

function failuresOf(last: HonestReport | undefined): string[] {
  return Object.entries(last?.failures ?? {}).map(([why, count]) => `- ${String(count)} attempts: ${why}`);
}
