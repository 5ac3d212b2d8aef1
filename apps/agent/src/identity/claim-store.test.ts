import { describe, expect, it } from 'vitest';
import { SeededRandom, type SimulatedFiles, SimulatedTime } from '@edgeflow/platform/simulated';
import {
  type ClaimOpening,
  ClaimStore,
  judgeClaim,
  parkedClaimsMax,
  type PendingClaim,
  type WantedClaim,
} from './claim-store.ts';
import {
  claimPath,
  emptyDisk,
  failFrom,
  healed,
  machineB,
  type Opening,
  openVault,
  putFile,
} from './test-support.ts';

const wanted: WantedClaim = { cloud: 'https://cloud.example', code: 'PROV-A1B2-C3D4' };
const pending: PendingClaim = { ...wanted, claim_secret: 's'.repeat(43), created_at: '2026-02-21T12:00:00Z' };

let seed = 100;
async function started(files: SimulatedFiles, opening: Opening = {}): Promise<ClaimStore> {
  seed += 1;
  return new ClaimStore(
    await openVault(files, { seed, ...opening }),
    new SeededRandom(seed),
    new SimulatedTime(),
  );
}

function secretOf(opening: ClaimOpening): string {
  return opening.kind === 'ready' ? opening.claim.claim_secret : opening.kind;
}

describe('whether a pending claim is the wanted one', () => {
  const pi1 = { serialNumber: '10000000abcdef01' };
  const pi2 = { serialNumber: '10000000abcdef02' };
  const uuid = { dmiUuid: '4c4c4544-0042' };

  it.each([
    ['nothing is pending', undefined, wanted, 'none'],
    ['it is the same', pending, wanted, 'resume'],
    ['the code changed', pending, { ...wanted, code: 'PROV-ZZZZ-ZZZZ' }, 'finish_first'],
    ['the cloud changed', pending, { ...wanted, cloud: 'https://other.example' }, 'other_cloud'],
    ['it is the same on the same board', { ...pending, board: pi1 }, { ...wanted, board: pi1 }, 'resume'],
    ['it was made on another board', { ...pending, board: pi1 }, { ...wanted, board: pi2 }, 'new_board'],
    [
      'it was made on another board for another code',
      { ...pending, board: pi1 },
      { ...wanted, code: 'PROV-ZZZZ-ZZZZ', board: pi2 },
      'new_board',
    ],
    ['the board cannot be read just now', { ...pending, board: pi1 }, wanted, 'resume'],
    ['the board could not be read then', pending, { ...wanted, board: pi1 }, 'resume'],
    ['then and now know different facts', { ...pending, board: pi1 }, { ...wanted, board: uuid }, 'resume'],
    [
      'only the firmware’s UUID changed',
      { ...pending, board: { ...pi1, ...uuid } },
      { ...wanted, board: { ...pi1, dmiUuid: 'another' } },
      'resume',
    ],
    [
      'the serial number differs, the UUID does not',
      { ...pending, board: { ...pi1, ...uuid } },
      { ...wanted, board: { ...pi2, ...uuid } },
      'new_board',
    ],
    ['a UUID differs', { ...pending, board: uuid }, { ...wanted, board: { dmiUuid: 'b' } }, 'new_board'],
  ] as const)('%s', (_when, existing, want, verdict) => {
    expect(judgeClaim(existing, want)).toBe(verdict);
  });
});

describe('the claim store', () => {
  it('makes a claim with a secret of 256 bits, durable before it is handed out', async () => {
    const files = await emptyDisk();
    const opening = await (await started(files)).open(wanted);
    files.powerCut();
    expect(opening).toMatchObject({ kind: 'ready', verdict: 'none', notices: [], claim: wanted });
    expect(secretOf(opening)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await (await started(files)).load()).toMatchObject({ kind: 'opened', value: wanted });
    expect(secretOf(await (await started(files)).open(wanted))).toBe(secretOf(opening));
  });

  it('hands out no claim that a power cut takes away, at whatever step', async () => {
    for (let step = 0; ; step += 1) {
      const files = await emptyDisk();
      const store = await started(files);
      const count = failFrom(files, step, 'EIO');
      const opening = await store.open(wanted).catch(() => undefined);
      const isDone = count() <= step;
      healed(files);
      files.powerCut();
      const again = await (await started(files)).open(wanted);
      if (opening?.kind === 'ready') expect(secretOf(again)).toBe(secretOf(opening));
      if (isDone) break;
    }
  });

  it('hands out no claim of an agent that was killed, at whatever step, that a power cut takes away', async () => {
    for (let step = 0; ; step += 1) {
      const files = await emptyDisk();
      const store = await started(files);
      const count = failFrom(files, step, 'EIO');
      await store.open(wanted).catch(() => undefined);
      const isDone = count() <= step;
      healed(files);
      const resumed = await (await started(files)).open(wanted);
      files.powerCut();
      expect(secretOf(await (await started(files)).open(wanted))).toBe(secretOf(resumed));
      if (isDone) break;
    }
  });

  it('hands out no pending claim while the disk does not say that it is durable', async () => {
    const files = await emptyDisk();
    await (await started(files)).open(wanted);
    const store = await started(files);
    files.fault = (step) => (step === 'syncFolder' ? 'EIO' : undefined);
    expect(await store.load()).toMatchObject({ kind: 'opened', notices: [{ code: 'not_durable' }] });
    await expect(store.open(wanted)).rejects.toMatchObject({ code: 'io' });
    healed(files);
    expect(await store.open(wanted)).toMatchObject({ verdict: 'resume' });
  });

  it('makes one claim when asked twice at once', async () => {
    const store = await started(await emptyDisk());
    const [a, b] = await Promise.all([store.open(wanted), store.open(wanted)]);
    expect(secretOf(a)).toBe(secretOf(b));
  });

  it('holds a changed code back until the pending claim is finished', async () => {
    const files = await emptyDisk();
    const store = await started(files);
    const first = await store.open(wanted);
    const changed = { ...wanted, code: 'PROV-ZZZZ-ZZZZ' };
    const second = await store.open(changed);
    expect(second).toMatchObject({ verdict: 'finish_first', claim: wanted });
    expect(secretOf(second)).toBe(secretOf(first));
    if (second.kind === 'ready') await store.finish(second.claim);
    expect(await store.open(changed)).toMatchObject({ verdict: 'none', claim: changed });
  });

  it('makes a fresh secret on another board', async () => {
    const files = await emptyDisk();
    const first = await (await started(files)).open({ ...wanted, board: { serialNumber: '1' } });
    const second = await (await started(files)).open({ ...wanted, board: { serialNumber: '2' } });
    expect(second).toMatchObject({ verdict: 'new_board', claim: { board: { serialNumber: '2' } } });
    expect(secretOf(second)).not.toBe(secretOf(first));
  });

  it('finishes only the claim that was answered, durably', async () => {
    const files = await emptyDisk();
    const store = await started(files);
    const opening = await store.open(wanted);
    await store.finish({ ...pending, claim_secret: 'x'.repeat(43) });
    expect(await store.load()).toMatchObject({ kind: 'opened' });
    if (opening.kind === 'ready') await store.finish(opening.claim);
    files.powerCut();
    expect(await store.load()).toEqual({ kind: 'absent' });
    await store.finish(pending);
  });

  it.each(['EACCES', 'EIO'])('sends nothing while it cannot tell what is pending (%s)', async (errno) => {
    const files = await emptyDisk();
    const store = await started(files);
    const before = await store.open(wanted);
    files.fault = (step) => (step === 'read' ? errno : undefined);
    expect(await store.open(wanted)).toMatchObject({ kind: 'blocked', reading: { kind: 'unreadable' } });
    healed(files);
    expect(secretOf(await store.open(wanted))).toBe(secretOf(before));
  });

  it('starts afresh, and keeps the file, where the pending claim is damaged or another device’s', async () => {
    const files = await emptyDisk();
    await (await started(files)).open(wanted);
    const elsewhere = await started(files, { device: machineB });
    expect(await elsewhere.open(wanted)).toMatchObject({
      verdict: 'none',
      notices: [{ code: 'kept_aside' }],
    });
    await putFile(files, claimPath, '{"format":"edgeflow-vault"');
    expect(await elsewhere.open(wanted)).toMatchObject({
      verdict: 'none',
      notices: [{ code: 'kept_aside' }],
    });
    expect(await files.stat(`${claimPath}.unreadable-2`)).toMatchObject({ kind: 'file' });
  });
});

describe('claims of several clouds', () => {
  const elsewhere = { ...wanted, cloud: 'https://other.example' };

  it('are each kept, with their own secret, until their own final answer', async () => {
    const files = await emptyDisk();
    const store = await started(files);
    const first = await store.open(wanted);
    const second = await store.open(elsewhere);
    expect(second).toMatchObject({ verdict: 'other_cloud', claim: elsewhere });
    expect(secretOf(second)).not.toBe(secretOf(first));
    files.powerCut();
    const restarted = await started(files);
    expect(await restarted.load(wanted.cloud)).toMatchObject({ kind: 'opened', value: wanted });
    const back = await restarted.open(wanted);
    expect(secretOf(back)).toBe(secretOf(first));
    if (back.kind === 'ready') await restarted.finish(back.claim);
    files.powerCut();
    const last = await started(files);
    expect(await last.load(wanted.cloud)).toEqual({ kind: 'absent' });
    expect(secretOf(await last.open(elsewhere))).toBe(secretOf(second));
  });

  it('are not lost by a crash at whatever step of the change', async () => {
    for (let step = 0; ; step += 1) {
      const files = await emptyDisk();
      const first = await (await started(files)).open(wanted);
      const second = await (await started(files)).open(elsewhere);
      const store = await started(files);
      const count = failFrom(files, step, 'EIO');
      await store.open(wanted).catch(() => undefined);
      const isDone = count() <= step;
      healed(files);
      files.powerCut();
      const restarted = await started(files);
      expect(secretOf(await restarted.open(elsewhere))).toBe(secretOf(second));
      expect(secretOf(await restarted.open(wanted))).toBe(secretOf(first));
      if (isDone) break;
    }
  });

  it('are told apart by who else holds a code', async () => {
    const store = await started(await emptyDisk());
    await store.open(wanted);
    await store.open(elsewhere);
    expect(await store.parkedElsewhere(wanted.code, elsewhere.cloud)).toBe(wanted.cloud);
    expect(await store.parkedElsewhere('PROV-ZZZZ-ZZZZ', elsewhere.cloud)).toBeUndefined();
  });

  it('are bounded in number, and none is given up for another', async () => {
    const store = await started(await emptyDisk());
    const at = (n: number): WantedClaim => ({ ...wanted, cloud: `https://cloud-${String(n)}.example` });
    const openings: ClaimOpening[] = [];
    for (let n = 0; n <= parkedClaimsMax; n += 1) openings.push(await store.open(at(n)));
    const crowded = await store.open(at(parkedClaimsMax + 1));
    expect(crowded).toMatchObject({
      kind: 'crowded',
      nextStep: expect.stringContaining(at(parkedClaimsMax).cloud),
    });
    for (const [n, opening] of openings.entries()) {
      expect(await store.load(at(n).cloud)).toMatchObject({ value: { claim_secret: secretOf(opening) } });
    }
  });
});
