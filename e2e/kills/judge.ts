import { setTimeout as sleep } from 'node:timers/promises';
import { type CodeFacts, readLiveLedger } from './ledger.ts';
import type { Tally } from './tally.ts';
import { backOnlineMs, type Device, type World } from './world.ts';

const pollMs = 25;

/** What was known of a device at its kills. */
export interface Known {
  /** For violations: the loop, its seed and the number in it. */
  readonly label: string;
  /** Device id that the registry or the device itself has ever had for this code. */
  readonly deviceId: string | undefined;
}

/** Requires that a device comes online by itself, as the one device of its code, with a key that works. */
export async function judgeDevice(world: World, device: Device, known: Known, tally: Tally): Promise<void> {
  const { label } = known;
  let online: string;
  try {
    online = await device.untilOnline(backOnlineMs);
  } catch (error) {
    tally.violation(`${label}: not online again: ${String(error)}`, 'burntCodes');
    return;
  }
  tally.recoveriesMs.push(device.sinceStartMs);
  if (known.deviceId !== undefined && known.deviceId !== online) {
    tally.violation(`${label}: was ${known.deviceId}, is ${online}`, 'lostIdentities');
  }
  const facts = await settled(world, device, (code) => hasOneKey(code));
  tally.devices += facts.devices;
  if (facts.devices !== 1) tally.violation(`${label}: ${String(facts.devices)} devices of one code`);
  if (!facts.isUsed || facts.deviceId !== online) {
    tally.violation(`${label}: the code names ${String(facts.deviceId)}, the device is ${online}`);
  }
  if (!hasOneKey(facts)) {
    tally.violation(`${label}: living keys ${JSON.stringify(facts.keys)}`, 'burntCodes');
  }
  if (!(await isInReach(world, online))) tally.violation(`${label}: ${online} does not answer`, 'burntCodes');
  if (!(await device.untilForgotten(backOnlineMs))) tally.violation(`${label}: the claim stays on disk`);
  tally.finished += 1;
}

/** The registry's facts once they are as `wanted`, or when time is up. */
export async function settled(
  world: World,
  device: Device,
  wanted: (code: CodeFacts) => boolean,
): Promise<CodeFacts> {
  const endMs = performance.now() + backOnlineMs;
  for (;;) {
    const facts = readLiveLedger(world.databaseFile, (ledger) => ledger.code(device.codeId));
    if (wanted(facts) || performance.now() > endMs) return facts;
    await sleep(pollMs);
  }
}

export function hasOneKey({ keys }: CodeFacts): boolean {
  return keys.length === 1 && keys[0]?.state === 'active';
}

/** Whether the device answers a command through its tunnel: its key works and its tunnel is the registered one. */
export async function isInReach(world: World, deviceId: string): Promise<boolean> {
  const endMs = performance.now() + backOnlineMs;
  for (;;) {
    const answer = await world.cloud.call('POST', `/api/v1/devices/${deviceId}/commands`, {
      action: 'health_check',
    });
    if (answer.status === 200) return (answer.json as { status: string }).status === 'success';
    // A tunnel that is just being replaced, as after a rotation, is a moment away.
    if (performance.now() > endMs) return false;
    await sleep(pollMs);
  }
}
