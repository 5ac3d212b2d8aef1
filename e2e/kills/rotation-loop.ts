import { setTimeout as sleep } from 'node:timers/promises';
import { eventuallyTrue } from '../../apps/cloud/src/testing/eventually.ts';
import type { LoopOptions } from './agent-loop.ts';
import { Draw, median } from './draw.ts';
import { hasOneKey, isInReach, settled } from './judge.ts';
import { type CodeFacts, type Ledger, readDeadLedger, readLiveLedger } from './ledger.ts';
import { rotationPhase, rotationPhases, type VaultLook } from './phase.ts';
import { Tally } from './tally.ts';
import { backOnlineMs, type Device, World } from './world.ts';

/** Devices that rotate side by side. */
const devicesPerRound = 4;
const measuredRounds = 3;

interface Rotating {
  readonly device: Device;
  readonly deviceId: string;
  /** Public id of the key before, and the vault that holds it. */
  readonly key: string;
  readonly vault: VaultLook;
}

/**
 * Asks for new keys over the tunnel and kills one end at a random moment of it. Afterwards every device must be
 * online by itself, with exactly one living key, whichever of its keys that is.
 */
export async function killDuringRotation(end: 'agent' | 'cloud', options: LoopOptions): Promise<Tally> {
  const tally = new Tally(`The ${end} is killed while keys rotate`, rotationPhases);
  const world = new World('rotation', options.program);
  try {
    await world.startCloud();
    const ids = new Map<Device, string>();
    for (let made = 0; made < devicesPerRound; made += 1) {
      const device = await world.newDevice();
      device.start();
      ids.set(device, await device.untilOnline(backOnlineMs));
      await device.untilForgotten(backOnlineMs);
    }
    const spanMs = await measureRotation(world, ids);
    options.say(`a rotation takes ${String(Math.round(spanMs))} ms`);
    for (let round = 1; tally.kills < options.kills; round += 1) {
      const draw = new Draw(options.seed, round);
      const label = `rotation loop (${end}), seed ${String(options.seed)}, round ${String(round)}`;
      const rotating = look(world, ids);
      const asked = rotating.map(({ deviceId }) => ask(world, deviceId));
      if (end === 'agent') await killAgents(world, rotating, draw, spanMs, label, options, tally);
      else await killCloud(world, rotating, draw, spanMs, label, tally);
      await Promise.all(asked);
      await Promise.all(rotating.map((one) => judge(world, one, label, tally)));
    }
    return tally;
  } finally {
    await world.end();
  }
}

async function killAgents(
  world: World,
  rotating: readonly Rotating[],
  draw: Draw,
  spanMs: number,
  label: string,
  { kills }: LoopOptions,
  tally: Tally,
): Promise<void> {
  const delays = rotating.map(() => draw.earlyMs(0, spanMs * 1.5));
  await Promise.all(
    rotating.map(async (one, index) => {
      if (tally.kills >= kills) return;
      tally.kills += 1;
      await sleep(delays[index]);
      await one.device.kill();
      notePhase(
        one,
        readLiveLedger(world.databaseFile, (ledger) => ledger.code(one.device.codeId)),
        label,
        tally,
      );
      one.device.start();
    }),
  );
}

async function killCloud(
  world: World,
  rotating: readonly Rotating[],
  draw: Draw,
  spanMs: number,
  label: string,
  tally: Tally,
): Promise<void> {
  tally.kills += 1;
  await sleep(draw.earlyMs(0, spanMs * 1.5));
  await world.cloud.kill();
  const left = readDeadLedger(world.databaseFile, (ledger) =>
    rotating.map((one) => [one, ledger.code(one.device.codeId)] as const),
  );
  for (const [one, facts] of left) notePhase(one, facts, label, tally);
  await world.startCloud();
}

function notePhase({ device, key, vault }: Rotating, facts: CodeFacts, label: string, tally: Tally): void {
  const phase = rotationPhase(key, facts, vault, device.lookAtVault());
  tally.phase(phase ?? 'impossible');
  if (phase === undefined) tally.violation(`${label}: ${JSON.stringify(facts)}`, 'lostIdentities');
}

/** Online by itself, as the same device, and once the rotation has had its way with one living key. */
async function judge(world: World, one: Rotating, label: string, tally: Tally): Promise<void> {
  const { device, deviceId } = one;
  const startMs = performance.now();
  const facts = await settled(world, device, (code) => hasOneKey(code) && !code.isRotationWanted);
  if (!hasOneKey(facts) || facts.isRotationWanted) {
    tally.violation(`${label}: ${deviceId} ends with ${JSON.stringify(facts)}`, 'lostIdentities');
    return;
  }
  if (!(await isInReach(world, deviceId))) {
    tally.violation(`${label}: ${deviceId} is not in reach`, 'lostIdentities');
    return;
  }
  tally.recoveriesMs.push(performance.now() - startMs);
  tally.finished += 1;
}

function look(world: World, ids: ReadonlyMap<Device, string>): Rotating[] {
  return readLiveLedger(world.databaseFile, (ledger: Ledger) =>
    [...ids].map(([device, deviceId]) => {
      const [key] = ledger.code(device.codeId).keys;
      if (key === undefined) throw new Error(`${deviceId} has no key`);
      return { device, deviceId, key: key.id, vault: device.lookAtVault() };
    }),
  );
}

/** The cloud may be killed before it answers: then nobody knows whether it was asked. */
async function ask(world: World, deviceId: string): Promise<void> {
  await world.cloud.call('POST', `/api/v1/devices/${deviceId}/rotate-key`, {}).catch(() => undefined);
}

/** From asking to a vault that holds the new key alone. */
async function measureRotation(world: World, ids: ReadonlyMap<Device, string>): Promise<number> {
  const spans: number[] = [];
  for (let round = 0; round < measuredRounds; round += 1) {
    const rotating = look(world, ids);
    await Promise.all(
      rotating.map(async (one) => {
        const startMs = performance.now();
        await ask(world, one.deviceId);
        const isDone = (): boolean => {
          const code = readLiveLedger(world.databaseFile, (ledger) => ledger.code(one.device.codeId));
          return rotationPhase(one.key, code, one.vault, one.device.lookAtVault()) === 'done';
        };
        await eventuallyTrue(`the measured rotation of ${one.deviceId} is done`, isDone, backOnlineMs);
        spans.push(performance.now() - startMs);
      }),
    );
  }
  return median(spans);
}
