import { setTimeout as sleep } from 'node:timers/promises';
import { describeSpan, judgeTotals, type LoopOptions, measureSpan, type Span } from './agent-loop.ts';
import { Draw } from './draw.ts';
import { judgeDevice } from './judge.ts';
import { runLanes } from './lanes.ts';
import { readDeadLedger } from './ledger.ts';
import { onboardingPhase, onboardingPhases } from './phase.ts';
import { Tally } from './tally.ts';
import { type Device, World } from './world.ts';

/** Clouds side by side, each with its own folder. */
const lanes = 4;
/** Devices that onboard with one cloud while it is killed. */
const devicesPerRound = 2;
const killsPerRoundMax = 5;
const againPercent = 60;
/** A cloud that came back is killed again within this, while devices try again. */
const againMs = 1_500;

/** Kills the cloud while devices onboard, starts it again on what it has left, and requires every device online. */
export async function killClouds(options: LoopOptions): Promise<Tally> {
  const tally = new Tally('The cloud is killed', onboardingPhases);
  let number = 0;
  const needed = Math.min(lanes, Math.ceil(options.kills / killsPerRoundMax));
  await runLanes(needed, async (hasFailed) => {
    const world = new World('cloud', options.program);
    try {
      await world.startCloud();
      const span = await measureSpan(world, devicesPerRound);
      options.say(`onboarding of ${String(devicesPerRound)} side by side takes ${describeSpan(span)}`);
      while (tally.kills < options.kills && !hasFailed()) {
        number += 1;
        await oneRound(world, span, options, number, tally);
        options.say(tally.progress());
      }
      judgeTotals(world, tally);
    } finally {
      await world.end();
    }
  });
  return tally;
}

async function oneRound(
  world: World,
  span: Span,
  options: LoopOptions,
  number: number,
  tally: Tally,
): Promise<void> {
  const label = `cloud loop, seed ${String(options.seed)}, round ${String(number)}`;
  const draw = new Draw(options.seed, number);
  const devices: Device[] = [];
  for (let made = 0; made < devicesPerRound; made += 1) devices.push(await world.newDevice());
  const known = new Map<Device, string>();
  for (const device of devices) device.start();
  for (let kill = 0; kill < killsPerRoundMax && tally.kills < options.kills; kill += 1) {
    tally.kills += 1;
    if (kill === 0) await killMoment(devices, span, draw);
    else await sleep(draw.ms(0, againMs));
    await world.cloud.kill();
    noteWhatIsLeft(world, devices, known, label, tally);
    await world.startCloud();
    if (!draw.percent(againPercent)) break;
  }
  await Promise.all(
    devices.map((device) => judgeDevice(world, device, { label, deviceId: known.get(device) }, tally)),
  );
  await Promise.all(devices.map((device) => device.kill()));
}

async function killMoment(devices: readonly Device[], span: Span, draw: Draw): Promise<void> {
  const { claimMs, onlineMs } = span;
  if (draw.percent(40)) {
    await sleep(draw.ms(0, onlineMs * 1.3));
    return;
  }
  const delayMs = draw.ms(0, (onlineMs - claimMs) * 2);
  await Promise.race(devices.map((device) => device.untilClaim(onlineMs * 10)));
  await sleep(delayMs);
}

/** What each device and the registry held. The devices run on; their folders are looked at first. */
function noteWhatIsLeft(
  world: World,
  devices: readonly Device[],
  known: Map<Device, string>,
  label: string,
  tally: Tally,
): void {
  const folders = devices.map((device) => device.look());
  const left = readDeadLedger(world.databaseFile, (ledger) =>
    devices.map((device) => ledger.code(device.codeId)),
  );
  devices.forEach((device, index) => {
    const folder = folders[index];
    const facts = left[index];
    if (folder === undefined || facts === undefined) return;
    // An answer that was on its way at the kill may have been stored since, never the other way round.
    const phase = onboardingPhase(folder, facts);
    tally.phase(phase ?? 'impossible');
    if (phase === undefined) tally.violation(`${label}: ${JSON.stringify({ ...folder, ...facts })}`);
    const before = known.get(device);
    if (before !== undefined && facts.deviceId !== before) {
      tally.violation(`${label}: the code made ${before}, then ${String(facts.deviceId)}`, 'lostIdentities');
    }
    if (facts.deviceId !== undefined) known.set(device, facts.deviceId);
  });
}
