import { type Diagnosis, diagnosisSchema } from '@edgeflow/contract';
import { printable, systemClock, systemFiles, systemTimers } from '@edgeflow/platform';
import type { AgentConfig, SettingProblem } from '../config.ts';
import { type DiagnosisInputs, diagnose, inputsFrom } from '../diagnosis/index.ts';
import {
  type Identity,
  prepareStateFolder,
  type StateFolderProblem,
  type VaultReading,
} from '../identity/index.ts';
import { KnownTime } from '../known-time.ts';
import { createCloudTransport, readCloudAddress } from '../net/index.ts';
import { openVault } from '../state.ts';
import { askAgent, placeToAsk, runAsAgent } from './ask-agent.ts';
import { exitCodes } from './exit-codes.ts';
import { type CommonOptions, readConfig, type Surroundings } from './surroundings.ts';
import { withFolder } from './with-folder.ts';

/** Says how far the way to the cloud is open: the running agent's view if there is one, else this process's own. */
export async function runDoctor(surroundings: Surroundings, options: CommonOptions): Promise<number> {
  const diagnosis = await examine(surroundings, options);
  for (const { name, result, detail, next_step: nextStep } of diagnosis.checks) {
    const advice = result === 'ok' || nextStep === null ? '' : ` → ${nextStep}`;
    // Certificates, proxies and portals have a say in the text.
    surroundings.print(`${result.padEnd(5)} ${name.padEnd(9)} ${printable(`${detail}${advice}`)}\n`);
  }
  return diagnosis.ok ? exitCodes.ok : exitCodes.failure;
}

async function examine(surroundings: Surroundings, options: CommonOptions): Promise<Diagnosis> {
  const reading = await readConfig(surroundings, options);
  const { warnings } = reading;
  const place = placeToAsk(reading);
  const fromAgent = place === undefined ? undefined : await askRunning(place);
  if (fromAgent !== undefined) return fromAgent;
  if (!reading.ok) return { ok: false, checks: reading.problems.map(wrongSetting) };
  const { config } = reading;
  const obstacle = await untouchable(config.stateFolder);
  const stored: Stored =
    obstacle === undefined ? await readIdentity(surroundings, options) : { kind: 'absent' };
  const identity = stored.kind === 'opened' ? stored.value : undefined;
  const time = { clock: systemClock, timers: systemTimers };
  const { stateFolder } = config;
  const known = { clock: systemClock, files: systemFiles, stateFolder, root: options.root, isKept: false };
  const knowledge = new KnownTime(known);
  await knowledge.load();
  const inputs = inputsFrom({
    config,
    warnings,
    cloud: config.cloud ?? addressOf(identity),
    hasIdentity: false,
    notices: [],
    status: undefined,
    makeTransport: (address) => createCloudTransport({ address, ...config, time, knowledge }),
    stateFolder: async () => obstacle ?? prepareStateFolder(systemFiles, config.stateFolder),
    clock: systemClock,
    floorMs: knowledge.floorMs,
    floorNotice: knowledge.notice,
  });
  return diagnose({ ...inputs, identity: () => factsOf(stored) ?? inputs.identity() });
}

/**
 * Why the state folder is left as it is: a diagnosis makes none, and leaves no file in it that the user of the agent
 * could not replace.
 */
async function untouchable(stateFolder: string): Promise<StateFolderProblem | undefined> {
  const facts = await systemFiles.stat(stateFolder).catch(() => undefined);
  if (facts === undefined) {
    return {
      kind: 'unusable',
      code: 'missing_parent',
      detail: `not checked: there is no state folder ${stateFolder}, or this user may not see it`,
      nextStep: `Start the agent, which makes it. ${runAsAgent}`,
    };
  }
  if (facts.uid === process.getuid?.()) return undefined;
  return {
    kind: 'unusable',
    code: 'permission',
    detail: `not checked: the state folder ${stateFolder} belongs to another user`,
    nextStep: runAsAgent,
  };
}

/** While a setting is wrong there is no telling which folder and which cloud are meant: nothing else is looked at. */
function wrongSetting({ message, nextStep, isDenied }: SettingProblem): Diagnosis['checks'][number] {
  const step = isDenied === true ? runAsAgent : nextStep;
  return { name: 'settings', result: 'fail', detail: message, next_step: step, code: 'settings_invalid' };
}

async function askRunning({
  server,
  stateFolder,
}: Pick<AgentConfig, 'server' | 'stateFolder'>): Promise<Diagnosis | undefined> {
  try {
    const text = await askAgent(server, stateFolder, '/api/v1/saas/diagnosis');
    return diagnosisSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

type Stored =
  | VaultReading<Identity>
  | { readonly kind: 'unreadable'; readonly detail: string; readonly nextStep: string };

async function readIdentity(surroundings: Surroundings, options: CommonOptions): Promise<Stored> {
  // What stands in the way of the folder is the disk's check, and is said there.
  const quiet: Surroundings = { ...surroundings, complain: () => undefined };
  const stored = await withFolder<Stored>(quiet, options, async (state, device) => {
    const names = await state.files.list(state.stateFolder);
    // Nothing stored: opening the vault would make a key, and a diagnosis changes nothing.
    if (!names.some((name) => name.endsWith('.vault'))) return { kind: 'absent' };
    const opening = await openVault(state, device);
    if (opening.kind === 'open') return opening.vault.identities.load();
    return { kind: 'unreadable', detail: opening.problem.message, nextStep: opening.problem.nextStep };
  });
  return typeof stored === 'number' ? { kind: 'absent' } : stored;
}

function factsOf(stored: Stored): ReturnType<DiagnosisInputs['identity']> | undefined {
  switch (stored.kind) {
    case 'absent':
      return undefined;
    case 'unreadable':
      return { kind: 'unreadable', detail: stored.detail, nextStep: stored.nextStep };
    case 'opened': {
      const { device_id: deviceId, cloud, expires_at: keyExpiresAt } = stored.value;
      return { kind: 'identity', deviceId, cloud, keyExpiresAt, notices: stored.notices };
    }
  }
}

function addressOf(identity: Identity | undefined) {
  const reading = identity === undefined ? undefined : readCloudAddress(identity.cloud);
  return reading?.ok === true ? reading.address : undefined;
}
