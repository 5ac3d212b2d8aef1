import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CodeRow, DeviceLifecycle } from '../../storage/tables.ts';
import { type ClaimDecision, type ClaimFacts, decideClaim, type MadeCredential } from './decide.ts';

const now = 1_000_000;

const code: CodeRow = {
  id: 'pc_1',
  organization_id: 'org_1',
  code_hash: 'h',
  server_key_id: 'k1',
  group_count: 2,
  state: 'active',
  name: null,
  batch_id: null,
  device_name: null,
  tags: '[]',
  device_group: null,
  bind_mac_address: null,
  bind_serial_number: null,
  bind_board_model: null,
  target_device_id: null,
  created_at_ms: 1,
  created_by: 'bootstrap',
  expires_at_ms: now + 1,
  revoked_at_ms: null,
  used_at_ms: null,
  used_address: null,
  used_device_id: null,
  used_credential_id: null,
  claimant_hash: null,
  answer_expires_at_ms: null,
  failed_attempts: 0,
  last_failed_at_ms: null,
  last_failed_reason: null,
  search_text: null,
};
const used: CodeRow = {
  ...code,
  state: 'used',
  used_device_id: 'dev_1',
  used_credential_id: 'key_1',
  claimant_hash: 'me',
};
const issued: MadeCredential = {
  id: 'key_1',
  device_id: 'dev_1',
  key_hash: 'k',
  state: 'issued',
  expires_at_ms: now + 5,
  authenticated_at_ms: null,
};
const made = { device: inLife('active'), credential: issued } as const;
const anybody = { macAddress: undefined, serialNumber: undefined, boardModel: undefined };

function inLife(
  lifecycle: DeviceLifecycle,
  readmitted: string | null = null,
): NonNullable<ClaimFacts['target']> {
  return { lifecycle, readmit_credential_id: readmitted };
}

function decide(change: Partial<ClaimFacts>): ClaimDecision {
  return decideClaim({
    ...{ code, claimantHash: 'me', hardware: anybody, nowMs: now },
    ...{ made: undefined, target: undefined, hasRoom: true },
    ...change,
  });
}

/** `redeem`, `replay`, or the code of the refusal. */
function verdict(change: Partial<ClaimFacts>): string {
  const decision = decide(change);
  return decision.kind === 'refuse' ? decision.code : decision.kind;
}

describe('a code that has not been used', () => {
  it('is redeemed', () => {
    expect(decide({})).toEqual({ kind: 'redeem', code });
    expect(verdict({ claimantHash: undefined })).toBe('redeem');
  });

  it('that does not exist is unknown, whatever else is wrong', () => {
    expect(verdict({ code: undefined, hasRoom: false })).toBe('code_unknown');
  });

  it('is expired from its very last moment on', () => {
    expect(verdict({ nowMs: code.expires_at_ms - 1 })).toBe('redeem');
    expect(verdict({ nowMs: code.expires_at_ms })).toBe('code_expired');
  });

  it('that was revoked is revoked, even when it has expired as well', () => {
    expect(verdict({ code: { ...code, state: 'revoked', expires_at_ms: 0 } })).toBe('code_revoked');
  });

  it('that has expired is expired, even on the wrong hardware', () => {
    expect(verdict({ code: { ...code, expires_at_ms: 0, bind_serial_number: 'x' } })).toBe('code_expired');
  });

  it('is bound before its target and the room are looked at', () => {
    const bound = { ...code, bind_serial_number: 'x', target_device_id: 'dev_9' };
    expect(verdict({ code: bound, hasRoom: false })).toBe('binding_mismatch');
  });

  it('needs no room when it re-provisions a device, and that device alive, in quarantine or not', () => {
    const again = { ...code, target_device_id: 'dev_9' };
    expect(verdict({ code: again, target: inLife('active'), hasRoom: false })).toBe('redeem');
    expect(verdict({ code: again, target: inLife('quarantined'), hasRoom: false })).toBe('redeem');
    expect(verdict({ code: again, target: undefined })).toBe('target_unavailable');
    for (const lifecycle of ['revoked', 'deleted'] as const) {
      expect(verdict({ code: again, target: inLife(lifecycle) })).toBe('target_unavailable');
    }
  });

  it('waits for room in its organization', () => {
    expect(verdict({ hasRoom: false })).toBe('device_limit_reached');
  });
});

describe('a code that has been used', () => {
  it('is answered again to its claimant, after its expiry too', () => {
    const late = { ...used, expires_at_ms: 0 };
    expect(decide({ code: late, made })).toEqual({ kind: 'replay', code: late, credential: issued });
  });

  it('is answered again without a look at bindings, target and room', () => {
    const bound = { ...used, bind_serial_number: 'x', target_device_id: 'dev_1' };
    expect(verdict({ code: bound, made, hasRoom: false })).toBe('replay');
  });

  it('is used up for everybody else', () => {
    expect(verdict({ code: used, made, claimantHash: 'you' })).toBe('code_already_used');
    expect(verdict({ code: used, made, claimantHash: undefined })).toBe('code_already_used');
    expect(verdict({ code: { ...used, claimant_hash: null }, made })).toBe('code_already_used');
    expect(verdict({ code: { ...used, claimant_hash: null }, made, claimantHash: undefined })).toBe(
      'code_already_used',
    );
  });

  it('is complete once its key has authenticated, whatever became of the device since', () => {
    for (const lifecycle of ['active', 'revoked', 'quarantined', 'deleted'] as const) {
      const credential = { ...issued, state: 'ended', authenticated_at_ms: 5 } as const;
      expect(verdict({ code: used, made: { device: inLife(lifecycle), credential } })).toBe(
        'claim_completed',
      );
    }
  });

  it('waits while its device is revoked or in quarantine', () => {
    for (const lifecycle of ['revoked', 'quarantined'] as const) {
      expect(verdict({ code: used, made: { ...made, device: inLife(lifecycle) } })).toBe('device_revoked');
    }
  });

  it('is answered again when it was redeemed in quarantine, for that is the way out of it', () => {
    const out = inLife('quarantined', issued.id);
    expect(verdict({ code: used, made: { ...made, device: out } })).toBe('replay');
    const another = inLife('quarantined', 'key_2');
    expect(verdict({ code: used, made: { ...made, device: another } })).toBe('device_revoked');
    expect(verdict({ code: used, made: { ...made, device: inLife('revoked', issued.id) } })).toBe(
      'device_revoked',
    );
  });

  it('is void once its device was deleted, its key superseded, or both are gone', () => {
    expect(verdict({ code: used, made: { ...made, device: inLife('deleted') } })).toBe('claim_void');
    expect(verdict({ code: used, made: { ...made, credential: { ...issued, state: 'ended' } } })).toBe(
      'claim_void',
    );
    expect(verdict({ code: used, made: undefined })).toBe('claim_void');
  });
});

it('no code is redeemed twice, none by a stranger is answered, and none that is over is redeemed', () => {
  const anyHash = fc.constantFrom(undefined, 'me', 'you');
  const anyLifecycle = fc.constantFrom(
    'active' as const,
    'revoked' as const,
    'quarantined' as const,
    'deleted' as const,
  );
  const anyDevice = fc.record({
    lifecycle: anyLifecycle,
    readmit_credential_id: fc.constantFrom(null, issued.id, 'key_2'),
  });
  const anyFacts = fc.record<ClaimFacts>({
    code: fc.option(
      fc
        .record({
          state: fc.constantFrom('active' as const, 'used' as const, 'revoked' as const),
          expires_at_ms: fc.constantFrom(now - 1, now, now + 1),
          claimant_hash: fc.constantFrom(null, 'me', 'you'),
          target_device_id: fc.constantFrom(null, 'dev_9'),
          bind_serial_number: fc.constantFrom(null, 'x'),
        })
        .map((change) => ({ ...used, ...change })),
      { nil: undefined },
    ),
    claimantHash: anyHash,
    hardware: fc.constantFrom(anybody, { ...anybody, serialNumber: 'x' }),
    nowMs: fc.constant(now),
    made: fc.option(
      fc.record({
        device: anyDevice,
        credential: fc
          .record({
            state: fc.constantFrom('issued' as const, 'active' as const, 'ended' as const),
            authenticated_at_ms: fc.constantFrom(null, 5),
          })
          .map((change) => ({ ...issued, ...change })),
      }),
      { nil: undefined },
    ),
    target: fc.option(anyDevice, { nil: undefined }),
    hasRoom: fc.boolean(),
  });
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const decision = decideClaim(facts);
      if (decision.kind === 'redeem') {
        expect(decision.code.state).toBe('active');
        expect(decision.code.expires_at_ms).toBeGreaterThan(now);
      }
      if (decision.kind === 'replay') {
        expect(decision.code.state).toBe('used');
        expect(decision.code.claimant_hash).toBe(facts.claimantHash);
        expect(decision.credential.authenticated_at_ms).toBeNull();
        const device = facts.made?.device;
        const isReadmitted =
          device?.lifecycle === 'quarantined' && device.readmit_credential_id === issued.id;
        expect(isReadmitted ? 'active' : device?.lifecycle).toBe('active');
      }
    }),
    { numRuns: 2000 },
  );
});
