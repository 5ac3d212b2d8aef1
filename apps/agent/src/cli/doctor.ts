import { type Diagnosis, diagnosisSchema } from '@edgeflow/contract';
import { systemClock, systemFiles, systemTimers } from '@edgeflow/platform';
import type { AgentConfig } from '../config.ts';
import { diagnose, type IdentityFacts } from '../diagnosis/index.ts';
import { cloudUnderTest, identityFacts } from '../diagnosis-inputs.ts';
import { prepareStateFolder } from '../identity/index.ts';
import { type CloudAddress, createCloudTransport, readCloudAddress } from '../net/index.ts';
import { openVault } from '../state.ts';
import { askAgent } from './ask-agent.ts';
import { exitCodes } from './exit-codes.ts';
import { type CommonOptions, readConfig, type Surroundings } from './surroundings.ts';
import { withFolder } from './with-folder.ts';

/** Says how far the way to the cloud is open: the running agent's view if there is one, else this process's own. */
export async function runDoctor(surroundings: Surroundings, options: CommonOptions): Promise<number> {
  const diagnosis = await examine(surroundings, options);
  for (const { name, result, detail, next_step: nextStep } of diagnosis.checks) {
    const advice = result === 'ok' || nextStep === null ? '' : ` → ${nextStep}`;
    surroundings.print(`${result.padEnd(5)} ${name.padEnd(9)} ${detail}${advice}\n`);
  }
  return diagnosis.ok ? exitCodes.ok : exitCodes.failure;
}

async function examine(surroundings: Surroundings, options: CommonOptions): Promise<Diagnosis> {
  const reading = await readConfig(surroundings, options);
  const { warnings } = reading;
  if (!reading.ok) {
    return diagnose({
      clock: systemClock,
      settings: { problems: reading.problems, warnings },
      // Without settings there is no telling which folder is meant.
      stateFolder: () => Promise.resolve({ kind: 'ready', notices: [] }),
      identity: () => ({ kind: 'none' }),
      cloud: undefined,
      status: undefined,
    });
  }
  const { config } = reading;
  const fromAgent = await askRunning(config);
  if (fromAgent !== undefined) return fromAgent;
  const { facts, cloud } = await readIdentity(surroundings, options, config);
  return diagnose({
    clock: systemClock,
    settings: { problems: [], warnings },
    stateFolder: () => prepareStateFolder(systemFiles, config.stateFolder),
    identity: () => facts,
    cloud: cloud === undefined ? undefined : cloudUnderTest(cloud, config, makeTransport),
    status: undefined,
  });
}

async function askRunning({ server, stateFolder }: AgentConfig): Promise<Diagnosis | undefined> {
  try {
    const text = await askAgent(server, stateFolder, '/api/v1/saas/diagnosis');
    return diagnosisSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

interface Stored {
  readonly facts: IdentityFacts;
  readonly cloud: CloudAddress | undefined;
}

async function readIdentity(
  surroundings: Surroundings,
  options: CommonOptions,
  config: AgentConfig,
): Promise<Stored> {
  const quiet: Surroundings = { ...surroundings, complain: () => undefined };
  const without: Stored = { facts: identityFacts(undefined, undefined, config), cloud: config.cloud };
  const stored = await withFolder<Stored>(quiet, options, async (state, device) => {
    const names = await state.files.list(state.stateFolder);
    // Nothing stored: opening the vault would make a key, and a diagnosis changes nothing.
    if (!names.some((name) => name.endsWith('.vault'))) return without;
    const opening = await openVault(state, device);
    if (opening.kind === 'closed') {
      const { message, nextStep } = opening.problem;
      return { ...without, facts: { kind: 'unreadable', detail: message, nextStep } };
    }
    const reading = await opening.vault.identities.load();
    const unreadable = reading.kind === 'unreadable' ? reading : undefined;
    const identity = reading.kind === 'opened' ? reading.value : undefined;
    const named = identity === undefined ? undefined : readCloudAddress(identity.cloud);
    return {
      facts: identityFacts(identity, unreadable, config),
      cloud: config.cloud ?? (named?.ok === true ? named.address : undefined),
    };
  });
  return typeof stored === 'number' ? without : stored;
}

function makeTransport(address: CloudAddress, { trust, proxy }: AgentConfig) {
  return createCloudTransport({ address, trust, proxy, time: { clock: systemClock, timers: systemTimers } });
}
