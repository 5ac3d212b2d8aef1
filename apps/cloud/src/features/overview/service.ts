import {
  errorEntry,
  type FailureCause,
  isErrorCode,
  type Overview,
  type OverviewWindow,
} from '@edgeflow/contract';
import { type Clock, toRfc3339 } from '@edgeflow/platform';
import type { Database } from '../../storage/database.ts';
import { dayMs } from '../credentials/index.ts';
import { onboardingSince } from '../onboarding/index.ts';
import { causesSince, type StoredCause } from './failures.ts';
import { countKeys } from './keys.ts';
import { SharedAnswers } from '../shared-answers.ts';
import { countStatuses, countVersions, listUnableToRotate, listSuspected } from './store.ts';

const windowDays: Readonly<Record<OverviewWindow, number>> = { '24h': 1, '7d': 7, '30d': 30 };

/** What there is to see of a fleet at a glance. Reads alone, each by an index and up to a bound. */
export class Overviews {
  readonly #database: Database;
  readonly #answers: SharedAnswers<Overview>;

  constructor({ clock, database }: { readonly clock: Clock; readonly database: Database }) {
    this.#database = database;
    this.#answers = new SharedAnswers(clock);
  }

  read(organizationId: string, window: OverviewWindow): Promise<Overview> {
    return this.#answers.ask(`${organizationId} ${window}`, () => this.#count(organizationId, window));
  }

  async #count(organizationId: string, window: OverviewWindow): Promise<Overview> {
    const database = this.#database;
    // Before anything is read: what happens from now on may or may not be in it.
    const nowMs = await database.nowMs();
    const sinceMs = nowMs - windowDays[window] * dayMs;
    // One after the other: on SQLite each is a turn of the event loop, and nobody waits for them all.
    const devices = await countStatuses(database, organizationId);
    const versions = await countVersions(database, organizationId, devices.total);
    const onboarding = await onboardingSince(database, organizationId, sinceMs);
    const failures = await causesSince(database, organizationId, sinceMs);
    const keys = await countKeys(database, organizationId, nowMs);
    const cannotRotate = await listUnableToRotate(database, organizationId);
    const clones = await listSuspected(database, organizationId);
    return {
      ...{ at: toRfc3339(nowMs), window, devices, keys, versions, clones, cannot_rotate: cannotRotate },
      onboarding: {
        codes_made: onboarding.made,
        redeemed: onboarding.redeemed,
        online: onboarding.online,
      },
      failures: failures.causes.flatMap(viewCause),
      failures_more: failures.more,
    };
  }
}

/** What is not in the catalogue was written by another version, which knew what to say about it. */
function viewCause(cause: StoredCause): FailureCause[] {
  const { code } = cause;
  if (!isErrorCode(code)) return [];
  const { nextStep, title } = errorEntry(code);
  return [
    {
      ...{ code, title, next_step: nextStep, attempts: cause.attempts, objects: cause.objects },
      last_at: toRfc3339(cause.lastAtMs),
      last_address: cause.lastAddress,
      last_object: cause.lastObject,
    },
  ];
}
