import { setTimeout as sleep } from 'node:timers/promises';
import { Draw, median } from './draw.ts';
import { judgeDevice } from './judge.ts';
import { runLanes } from './lanes.ts';
import { readLiveLedger } from './ledger.ts';
import { onboardingPhase, onboardingPhases } from './phase.ts';
import { Tally } from './tally.ts';
import { type Device, World } from './world.ts';

/** Devices that onboard side by side. */
const lanes = 4;
const killsPerDeviceMax = 4;
const againPercent = 30;
const measureMs = 30_000;

export interface LoopOptions {
  readonly kills: number;
  readonly seed: number;
  /** The agent to run. */
  readonly program: string;
  readonly say: (line: string) => void;
}

export interface Span {
  /** Milliseconds from the start of the process. */
  readonly claimMs: number;
  readonly onlineMs: number;
}

/** Kills agents at random moments of their onboarding, then requires each to come online as the one device. */
export async function killAgents(options: LoopOptions): Promise<Tally> {
  const tally = new Tally('The agent is killed', onboardingPhases);
  const world = new World('agent', options.program);
  try {
    await world.startCloud();
    const span = await measureSpan(world, lanes);
    options.say(`onboarding takes ${describeSpan(span)}; kills are drawn over that and a while after it`);
    let number = 0;
    await runLanes(lanes, async (hasFailed) => {
      while (tally.kills < options.kills && !hasFailed()) {
        number += 1;
        await onboardWithKills(world, span, options, number, tally);
        options.say(tally.progress());
      }
    });
    judgeTotals(world, tally);
    return tally;
  } finally {
    await world.end();
  }
}

async function onboardWithKills(
  world: World,
  span: Span,
  options: LoopOptions,
  number: number,
  tally: Tally,
): Promise<void> {
  const label = `agent loop, seed ${String(options.seed)}, device ${String(number)}`;
  const draw = new Draw(options.seed, number);
  const device = await world.newDevice();
  let deviceId: string | undefined;
  for (let kill = 0; kill < killsPerDeviceMax && tally.kills < options.kills; kill += 1) {
    tally.kills += 1;
    device.start();
    await killMoment(device, span, draw);
    await device.kill();
    const facts = readLiveLedger(world.databaseFile, (ledger) => ledger.code(device.codeId));
    const phase = onboardingPhase(device.look(), facts);
    if (phase === undefined) {
      const held = JSON.stringify({ ...device.look(), ...facts });
      tally.violation(`${label}, kill ${String(kill + 1)}: ${held}`, 'burntCodes');
    }
    tally.phase(phase ?? 'impossible');
    if (deviceId !== undefined && facts.deviceId !== deviceId) {
      tally.violation(
        `${label}: the code made ${deviceId}, then ${String(facts.deviceId)}`,
        'lostIdentities',
      );
    }
    deviceId = facts.deviceId;
    if (!draw.percent(againPercent)) break;
  }
  device.start();
  await judgeDevice(world, device, { label, deviceId }, tally);
  await device.kill();
}

/** Half of the kills fall anywhere from the start of the process, half after the claim secret has reached the disk. */
async function killMoment(device: Device, span: Span, draw: Draw): Promise<void> {
  const { claimMs, onlineMs } = span;
  const isNew = !device.look().hasClaim && !device.look().hasIdentity;
  if (draw.percent(50)) {
    await sleep(draw.ms(0, onlineMs * 1.3));
  } else if (isNew) {
    const delayMs = draw.ms(0, (onlineMs - claimMs) * 1.5);
    await device.untilClaim(measureMs);
    await sleep(delayMs);
  } else {
    await sleep(draw.ms(claimMs * 0.7, onlineMs * 1.3));
  }
}

/** How long it takes when nobody is killed, with as many side by side. */
export async function measureSpan(world: World, sideBySide: number): Promise<Span> {
  const claims: number[] = [];
  const onlines: number[] = [];
  const one = async (): Promise<void> => {
    const device = await world.newDevice();
    device.start();
    await device.untilClaim(measureMs);
    claims.push(device.sinceStartMs);
    await device.untilOnline(measureMs);
    onlines.push(device.sinceStartMs);
    await device.kill();
  };
  // The first round warms the file cache up.
  for (let round = 0; round < 2; round += 1) {
    claims.length = 0;
    onlines.length = 0;
    await Promise.all(Array.from({ length: sideBySide }, one));
  }
  return { claimMs: median(claims), onlineMs: median(onlines) };
}

export function describeSpan({ claimMs, onlineMs }: Span): string {
  return `${String(Math.round(onlineMs))} ms (claim secret on disk at ${String(Math.round(claimMs))} ms)`;
}

/** The same count from the other side: one device for each code that was used, and no others. */
export function judgeTotals(world: World, tally: Tally): void {
  const { devices, usedCodes } = readLiveLedger(world.databaseFile, (ledger) => ledger.totals());
  if (devices !== usedCodes) {
    tally.violation(`${String(devices)} devices of ${String(usedCodes)} used codes`);
  }
}
