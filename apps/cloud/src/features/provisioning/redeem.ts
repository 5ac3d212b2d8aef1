import type { Random } from '@edgeflow/platform';
import { toRfc3339 } from '@edgeflow/platform';
import type { KeyRing } from '../../keyring/index.ts';
import type { Tx } from '../../storage/database.ts';
import { LostRaceError } from '../../storage/failures.ts';
import type { CodeRow, OrganizationRow } from '../../storage/tables.ts';
import { hashApiKey, issueCredentials, keyExpiry, rotateAfter } from '../credentials/index.ts';
import { boardModelOf, deviceSearchText } from '../devices/index.ts';
import { type FailureBudget, Guesses } from '../guessing/index.ts';
import { countRedeemed } from '../onboarding/index.ts';
import { keepLastAttempts } from './attempts.ts';
import type { Claim, ClaimOutcome, JudgedClaim, Redemption } from './claim.ts';
import { type ClaimFacts, decideClaim, type MadeCredential } from './decide.ts';
import { type HardwareIdentity, hardwareIdentity, isBound } from './hardware.ts';
import { type HeldDevice, type Made, madeBy } from './made.ts';
import { recordClaims } from './records.ts';
import {
  type CodeFailure,
  countDevices,
  insertDevices,
  lockCodes,
  lockOrganizations,
  lockTargets,
  noteFailures,
  readCredentials,
  refreshDevices,
  useCodes,
} from './store.ts';

export interface RedeemOptions {
  readonly budget: FailureBudget;
  readonly keyRing: KeyRing;
  /** Spreads the rotations of keys made at once. */
  readonly jitter: Random;
  readonly keyTtlDays: number;
}

/**
 * Redeems a batch of claims in one transaction: code, device, credential, audit row and event of each, or none of
 * them. Claims on one code are judged in their order, each by what the ones before it have made of the code.
 */
export async function redeemBatch(
  options: RedeemOptions,
  tx: Tx,
  claims: readonly Claim[],
): Promise<ClaimOutcome[]> {
  const held = await hold(tx, claims);
  const room = new Rooms(held.organizations);
  const expiresAtMs = keyExpiry(tx.nowMs, options.keyTtlDays);
  const batch: Batch = {
    ...{ options, nowMs: tx.nowMs, held, room, expiresAtMs },
    expiresAt: toRfc3339(expiresAtMs),
  };
  const guesses = new Guesses(options.budget);
  const judged = claims.map((claim) => {
    const mayTry = !claim.replayOnly && guesses.mayTry(claim);
    const one = mayTry || isRepeat(options.keyRing, held, claim) ? judge(batch, claim) : tooMany(claim);
    if (one.code === undefined && mayTry) guesses.note(claim, claim.codeHashes[0] ?? '');
    return one;
  });

  const redemptions = judged.flatMap(({ redemption }) => redemption ?? []);
  if (redemptions.length > 0) await write(tx, redemptions, room);
  await noteFailures(tx, failuresOf(judged));
  await keepLastAttempts(tx, judged);
  await recordClaims(tx, judged);
  return judged.map(({ outcome }) => outcome);
}

/** What all claims of a batch are judged by. */
interface Batch {
  readonly options: RedeemOptions;
  readonly nowMs: number;
  readonly held: Held;
  readonly room: Rooms;
  /** When the keys that it makes expire. */
  readonly expiresAtMs: number;
  readonly expiresAt: string;
}

interface Held {
  readonly codes: ReadonlyMap<string, CodeRow>;
  readonly credentials: ReadonlyMap<string, MadeCredential>;
  readonly devices: ReadonlyMap<string, HeldDevice>;
  readonly organizations: ReadonlyMap<string, OrganizationRow>;
  /** What this batch has made already, by the id of the code. */
  readonly made: Map<string, Made>;
}

async function hold(tx: Tx, claims: readonly Claim[]): Promise<Held> {
  const codes = await lockCodes(
    tx,
    claims.flatMap((claim) => claim.codeHashes),
  );
  const rows = [...codes.values()];
  const organizations = await lockOrganizations(tx, distinct(rows.map(neededOrganization)));
  const devices = await lockTargets(
    tx,
    distinct(rows.map((row) => row.used_device_id ?? row.target_device_id)),
  );
  const credentials = await readCredentials(tx, distinct(rows.map((row) => row.used_credential_id)));
  return { codes, credentials, devices, organizations, made: new Map() };
}

/** Only a code that may make a new device touches its organization's counter. */
function neededOrganization(row: CodeRow): string | null {
  return row.state === 'active' && row.target_device_id === null ? row.organization_id : null;
}

function distinct(ids: readonly (string | null)[]): string[] {
  return [...new Set(ids.filter((id) => id !== null))].sort();
}

/** Not judged at all: the answer says nothing about the code. */
function tooMany(claim: Claim): JudgedClaim {
  const outcome: ClaimOutcome = { kind: 'refused', code: 'too_many_attempts' };
  return { claim, code: undefined, redemption: undefined, outcome };
}

/** Counts devices against the limit of their organization while a batch is judged. */
class Rooms {
  readonly added = new Map<string, number>();
  readonly #organizations: ReadonlyMap<string, OrganizationRow>;

  constructor(organizations: ReadonlyMap<string, OrganizationRow>) {
    this.#organizations = organizations;
  }

  has(organizationId: string): boolean {
    const organization = this.#organizations.get(organizationId);
    if (organization === undefined) return false;
    const count = organization.device_count + (this.added.get(organizationId) ?? 0);
    return organization.device_limit === null || count < organization.device_limit;
  }

  take(organizationId: string): void {
    this.added.set(organizationId, (this.added.get(organizationId) ?? 0) + 1);
  }
}

/** Whether this is the claimant that used the code: then it is no guess, however many were made beside it. */
function isRepeat(keyRing: KeyRing, held: Held, claim: Claim): boolean {
  const code = codeOf(held, claim);
  if (code === undefined || code.claimant_hash === null || claim.idempotencyKey === undefined) return false;
  return keyRing.hashClaimant(code.server_key_id, claim.idempotencyKey) === code.claimant_hash;
}

/** The code as it is by now: as it was read, or as a claim before this one in the batch has left it. */
function codeOf(held: Held, claim: Claim): CodeRow | undefined {
  for (const hash of claim.codeHashes) {
    const row = held.codes.get(hash);
    if (row !== undefined) return held.made.get(row.id)?.code ?? row;
  }
  return undefined;
}

function judge(batch: Batch, claim: Claim): JudgedClaim {
  const { held, options, room } = batch;
  const facts = factsOf(batch, claim);
  const decision = decideClaim(facts);
  switch (decision.kind) {
    case 'redeem': {
      const { code } = decision;
      if (code.target_device_id === null) room.take(code.organization_id);
      const name = code.target_device_id === null ? code.device_name : (facts.target?.name ?? null);
      const one = redeemed(batch, claim, code, { claimantHash: facts.claimantHash, name });
      held.made.set(code.id, madeBy(one.redemption, name, facts.target?.lifecycle));
      return one;
    }
    case 'replay': {
      const { code, credential } = decision;
      return {
        claim,
        code,
        redemption: undefined,
        outcome: replayed(options.keyRing, claim, code, credential),
      };
    }
    case 'refuse': {
      const { kind: _, ...refusal } = decision;
      return { claim, code: facts.code, redemption: undefined, outcome: { kind: 'refused', ...refusal } };
    }
  }
}

interface Facts extends ClaimFacts {
  readonly target: HeldDevice | undefined;
}

/** Nothing asks for the identity of hardware whose code is bound to none, and working it out is not cheap. */
const unasked: HardwareIdentity = { macAddress: undefined, serialNumber: undefined, boardModel: undefined };

function factsOf({ held, nowMs, options, room }: Batch, claim: Claim): Facts {
  const code = codeOf(held, claim);
  if (code === undefined) {
    const nothing = { claimantHash: undefined, made: undefined, target: undefined, hasRoom: false };
    return { code, hardware: unasked, nowMs, ...nothing };
  }
  const made = held.made.get(code.id);
  const device = made?.device ?? held.devices.get(code.used_device_id ?? code.target_device_id ?? '');
  const credential = made?.credential ?? held.credentials.get(code.used_credential_id ?? '');
  const { idempotencyKey } = claim;
  return {
    code,
    claimantHash:
      idempotencyKey === undefined
        ? undefined
        : options.keyRing.hashClaimant(code.server_key_id, idempotencyKey),
    hardware: isBound(code) ? hardwareIdentity(claim.hardware.value, claim.network.value) : unasked,
    nowMs,
    made: device === undefined || credential === undefined ? undefined : { device, credential },
    target: device,
    hasRoom: room.has(code.organization_id),
  };
}

function redeemed(
  { expiresAt, expiresAtMs, nowMs, options }: Batch,
  claim: Claim,
  code: CodeRow,
  made: { readonly claimantHash: string | undefined; readonly name: string | null },
): JudgedClaim & { readonly redemption: Redemption } {
  const deviceId = code.target_device_id ?? claim.newDeviceId;
  const credentialId = claim.newCredentialId;
  const apiKey = keyOf(options.keyRing, claim, code, deviceId, credentialId);
  const { hardware, network } = claim;
  const version = hardware.value.agent_version;
  const redemption: Redemption = {
    code,
    deviceId,
    credentialId,
    keyHash: hashApiKey(apiKey),
    keyExpiresAtMs: expiresAtMs,
    rotateAfterMs: rotateAfter(nowMs, expiresAtMs, options.jitter),
    claimantHash: made.claimantHash ?? null,
    address: claim.address,
    hardwareInfo: hardware.json,
    networkInfo: network.json,
    agentVersion: typeof version === 'string' ? version : null,
    boardModel: boardModelOf(hardware.value),
    searchText: deviceSearchText(deviceId, made.name, hardware.value, network.value),
  };
  const outcome: ClaimOutcome = {
    kind: 'answer',
    answer: { device_id: deviceId, api_key: apiKey, expires_at: expiresAt },
    replayed: false,
  };
  return { claim, code, redemption, outcome };
}

/**
 * The key of a claim. With an Idempotency-Key it is derived, so that a repeat can be answered alike though the
 * cloud keeps only its hash; without one it is random, and the code works exactly once.
 */
function keyOf(
  keyRing: KeyRing,
  claim: Claim,
  code: CodeRow,
  deviceId: string,
  credentialId: string,
): string {
  const { idempotencyKey } = claim;
  if (idempotencyKey === undefined) return keyRing.formatKey(claim.randomKey);
  const organizationId = code.organization_id;
  const keyId = code.server_key_id;
  return keyRing.deriveApiKey({
    keyId,
    idempotencyKey,
    organizationId,
    codeId: code.id,
    deviceId,
    credentialId,
  });
}

function replayed(keyRing: KeyRing, claim: Claim, code: CodeRow, credential: MadeCredential): ClaimOutcome {
  const apiKey = keyOf(keyRing, claim, code, credential.device_id, credential.id);
  // A server key that was exchanged under the same id would derive another key: better no answer than a wrong one.
  if (hashApiKey(apiKey) !== credential.key_hash) return { kind: 'refused', code: 'claim_void' };
  const expiresAtMs = code.answer_expires_at_ms ?? credential.expires_at_ms;
  return {
    kind: 'answer',
    answer: { device_id: credential.device_id, api_key: apiKey, expires_at: toRfc3339(expiresAtMs) },
    replayed: true,
  };
}

async function write(tx: Tx, redemptions: readonly Redemption[], room: Rooms): Promise<void> {
  if ((await useCodes(tx, redemptions)) !== redemptions.length) throw new LostRaceError('a code changed');
  for (const [organizationId, added] of room.added) {
    if (!(await countDevices(tx, organizationId, added))) throw new LostRaceError('a limit changed');
  }
  const again = redemptions.filter(({ code }) => code.target_device_id !== null);
  await insertDevices(
    tx,
    redemptions.filter(({ code }) => code.target_device_id === null),
  );
  await refreshDevices(tx, again);
  await issueCredentials(
    tx,
    redemptions.map((redemption) => ({
      id: redemption.credentialId,
      organizationId: redemption.code.organization_id,
      deviceId: redemption.deviceId,
      keyHash: redemption.keyHash,
      origin: 'code',
      expiresAtMs: redemption.keyExpiresAtMs,
      rotateAfterMs: redemption.rotateAfterMs,
    })),
    again.map(({ deviceId }) => deviceId),
  );
  await countRedeemed(
    tx,
    redemptions.map(({ code }) => code),
  );
}

function failuresOf(judged: readonly JudgedClaim[]): CodeFailure[] {
  const failures = new Map<string, CodeFailure>();
  for (const { code, outcome } of judged) {
    if (code === undefined || outcome.kind !== 'refused') continue;
    const attempts = (failures.get(code.id)?.attempts ?? 0) + 1;
    failures.set(code.id, { code_id: code.id, reason: outcome.code, attempts });
  }
  return [...failures.values()];
}
