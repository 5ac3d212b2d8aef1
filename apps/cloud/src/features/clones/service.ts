import type { ClonePolicy } from '@edgeflow/contract';
import type { Logger } from '../../logging.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import { type AuditFact, type Actor, insertAudit } from '../audit/index.ts';
import { endRotationOffers } from '../credentials/index.ts';
import { type EventFact, type Events, insertEvents } from '../events/index.ts';
import { type LifeSign, type Suspicion, witness } from './decide.ts';
import { evidenceOf, readHistory, writeHistory } from './history.ts';
import { clonePolicyOf, keepHistory, lockUnsuspected, markSuspected } from './store.ts';

export interface ClonesOptions {
  readonly database: Database;
  readonly events: Events;
  readonly logger: Logger;
  /** Refuses a device until an operator decides. */
  readonly quarantine: (tx: Tx, deviceId: string) => Promise<void>;
  /** Called after the commit of whatever may end open tunnels. */
  readonly securityChanged: (deviceIds: readonly string[]) => void;
  readonly onFailure: (error: unknown) => void;
}

export interface DeviceLifeSign extends LifeSign {
  readonly deviceId: string;
}

const system: Actor = { kind: 'system', id: 'clones', address: null, requestId: null };

/**
 * Notices that two devices use one identity. The gateway reports a sign of life only where it can matter: after a
 * process that was superseded has come back, or when a connection that yields is alive. So a device by itself costs no
 * write, and what was seen is in the database for whichever node sees the next.
 */
export class Clones {
  readonly #options: ClonesOptions;
  /** Devices found to be shared, and those of them that were put into quarantine, since the process started. */
  readonly counters = { suspected: 0, quarantined: 0 };

  constructor(options: ClonesOptions) {
    this.#options = options;
  }

  /** Takes note in the background; a sign that is lost makes the next one tell. */
  noticed(sign: DeviceLifeSign): void {
    this.witness(sign).catch(this.#options.onFailure);
  }

  /** Resolves once the sign, and what it gives away, is durable. */
  async witness(sign: DeviceLifeSign): Promise<void> {
    const { database, events, logger, securityChanged } = this.#options;
    const policy = await database.transaction((tx) => this.#note(tx, sign));
    if (policy === undefined) return;
    const isQuarantined = policy === 'quarantine';
    this.counters.suspected += 1;
    if (isQuarantined) this.counters.quarantined += 1;
    logger.warn({ device_id: sign.deviceId, policy }, 'two devices use one identity');
    events.poke();
    if (isQuarantined) securityChanged([sign.deviceId]);
  }

  /** @returns the policy that was applied, if clones are suspected from now on. */
  async #note(tx: Tx, sign: DeviceLifeSign): Promise<ClonePolicy | undefined> {
    const row = await lockUnsuspected(tx, sign.deviceId);
    if (row === undefined) return undefined;
    const { history, suspicion } = witness(readHistory(row.tunnel_history), sign, tx.nowMs);
    await keepHistory(tx, row.id, writeHistory(history));
    return suspicion === undefined ? undefined : this.#accuse(tx, row, suspicion);
  }

  async #accuse(tx: Tx, row: DeviceRow, suspicion: Suspicion): Promise<ClonePolicy> {
    const evidence = evidenceOf(suspicion);
    const policy = await clonePolicyOf(tx, row.organization_id);
    await markSuspected(tx, row.id, evidence);
    // Whichever of the two took the offered key would lock the other one out.
    await endRotationOffers(tx, row.id);
    const said = { device_id: row.id, policy, evidence };
    const events = [eventOf(row, tx.nowMs, 'device.clone_suspected', said)];
    const about = { organizationId: row.organization_id, atMs: tx.nowMs, actor: system } as const;
    const object = { kind: 'device', id: row.id };
    const detail = { policy, evidence };
    const audit: AuditFact[] = [
      { ...about, action: 'device.suspect_clones', object, outcome: 'success', detail },
    ];
    if (policy === 'quarantine') {
      await this.#options.quarantine(tx, row.id);
      audit.push({ ...about, action: 'device.quarantine', object, outcome: 'success', detail });
      events.push(eventOf(row, tx.nowMs, 'device.quarantined', { device_id: row.id, cause: 'clones' }));
    }
    await insertAudit(tx, audit);
    await insertEvents(tx, events);
    return policy;
  }
}

function eventOf(row: DeviceRow, atMs: number, type: EventFact['type'], data: EventFact['data']): EventFact {
  return { organizationId: row.organization_id, atMs, type, objectId: row.id, data };
}
