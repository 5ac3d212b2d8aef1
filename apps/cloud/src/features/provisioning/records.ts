import type { Tx } from '../../storage/database.ts';
import { type Actor, type AuditFact, insertAudit } from '../audit/index.ts';
import { type EventFact, insertEvents } from '../events/index.ts';
import type { JudgedClaim } from './claim.ts';

/** Failed attempts on one code that are written down singly; more are only counted. */
const failuresRecordedMax = 100;

/** The audit rows and events of a batch. Attempts with unknown codes belong to nobody and leave none. */
export async function recordClaims(tx: Tx, judged: readonly JudgedClaim[]): Promise<void> {
  const audit: AuditFact[] = [];
  const events: EventFact[] = [];
  const recorded = new Map<string, number>();
  for (const one of judged) {
    const record = recordOf(one, tx.nowMs);
    if (record === undefined || !mayRecord(one, recorded)) continue;
    audit.push(...record.audit);
    events.push(record.event);
  }
  await insertAudit(tx, audit);
  await insertEvents(tx, events);
}

/** Successes always; of failures on one code so many, over all batches. */
function mayRecord(one: JudgedClaim, recorded: Map<string, number>): boolean {
  if (one.code === undefined || one.redemption !== undefined) return true;
  const before = recorded.get(one.code.id) ?? one.code.failed_attempts;
  recorded.set(one.code.id, before + 1);
  return before < failuresRecordedMax;
}

function recordOf(one: JudgedClaim, atMs: number): { audit: AuditFact[]; event: EventFact } | undefined {
  const { claim, code, outcome, redemption } = one;
  if (code === undefined) return undefined;
  const organizationId = code.organization_id;
  const origin = { address: claim.address, requestId: claim.requestId };
  const object = { kind: 'code', id: code.id };
  if (redemption !== undefined) {
    const { deviceId, credentialId } = redemption;
    const actor = { kind: 'device', id: deviceId, ...origin } as const;
    const again = code.target_device_id !== null;
    const detail = { device_id: deviceId, key_id: credentialId, reprovisioned: again };
    return {
      audit: [
        { organizationId, atMs, actor, action: 'code.redeem', object, outcome: 'success', detail },
        ...(again ? [reprovisioned(one, actor, atMs)] : []),
      ],
      event: {
        organizationId,
        atMs,
        type: 'device.provisioned',
        objectId: deviceId,
        data: {
          device_id: deviceId,
          code_id: code.id,
          address: claim.address,
          reprovisioned: again,
          board_model: claim.hardware.value.board_model ?? null,
          hostname: claim.network.value.hostname ?? null,
        },
      },
    };
  }
  if (outcome.kind !== 'refused') return undefined;
  const actor = { kind: 'anonymous', id: 'device', ...origin } as const;
  const reason = outcome.code;
  return {
    audit: [{ organizationId, atMs, actor, action: 'code.redeem', object, outcome: 'failure', reason }],
    event: {
      organizationId,
      atMs,
      type: 'code.failed_attempt',
      objectId: code.id,
      data: {
        code_id: code.id,
        reason,
        address: claim.address,
        mac_address: claim.network.value.mac_address ?? null,
        serial_number: claim.hardware.value.serial_number ?? null,
        board_model: claim.hardware.value.board_model ?? null,
      },
    },
  };
}

/** A device that gets another code keeps its history: what the code has done to it is told of the device too. */
function reprovisioned({ code, redemption }: JudgedClaim, actor: Actor, atMs: number): AuditFact {
  const object = { kind: 'device', id: redemption?.deviceId ?? '' };
  const detail = { code_id: code?.id ?? '', key_id: redemption?.credentialId ?? '' };
  const organizationId = code?.organization_id ?? '';
  return { organizationId, atMs, actor, action: 'device.reprovision', object, outcome: 'success', detail };
}
