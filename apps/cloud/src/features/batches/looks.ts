import { createHash } from 'node:crypto';
import type { BatchReportRow, ListBatchRowsQuery } from '@edgeflow/contract';
import type { Clock } from '@edgeflow/platform';
import type { BatchRow } from '../../storage/batch-tables.ts';
import type { Database } from '../../storage/database.ts';
import { SharedAnswers } from '../shared-answers.ts';
import { type BatchCounts, countBatches, countDevices, type DeviceCounts } from './counts.ts';
import { reportRows } from './report.ts';

/** Whoever looks at a batch looks again a moment after the last that happened: by then this is over. */
const lifeMsMax = 1_000;
/** Pages of reports that are kept: each may have hundreds of rows. */
const reportsKeptMax = 50;

export interface Report {
  readonly rows: BatchReportRow[];
  readonly total: number;
}

/**
 * What there is to see of batches, found once for all who look within a moment: counting goes through 10,000 codes.
 *
 * Invariants: what stands in a batch's own row (made, replaced, revoked) is never seen late; a redeemed code, a device
 * that came or went, a refused attempt is seen a second late at most.
 */
export class BatchLooks {
  readonly #database: Database;
  readonly #counts: SharedAnswers<ReadonlyMap<string, BatchCounts>>;
  readonly #devices: SharedAnswers<DeviceCounts>;
  readonly #reports: SharedAnswers<Report>;

  constructor({ clock, database }: { readonly clock: Clock; readonly database: Database }) {
    this.#database = database;
    this.#counts = new SharedAnswers(clock, { lifeMsMax });
    this.#devices = new SharedAnswers(clock, { lifeMsMax });
    this.#reports = new SharedAnswers(clock, { lifeMsMax, keptMax: reportsKeptMax });
  }

  counts(organizationId: string, batches: readonly BatchRow[]): Promise<ReadonlyMap<string, BatchCounts>> {
    const database = this.#database;
    return this.#counts.ask(questionOf(batches), async () =>
      countBatches(database, organizationId, batches, await database.nowMs()),
    );
  }

  devices(batch: BatchRow): Promise<DeviceCounts> {
    return this.#devices.ask(questionOf([batch]), () =>
      countDevices(this.#database, batch.organization_id, batch.id),
    );
  }

  report(batch: BatchRow, query: ListBatchRowsQuery): Promise<Report> {
    const database = this.#database;
    return this.#reports.ask(questionOf([batch], query), async () =>
      reportRows(database, batch, query, await database.nowMs()),
    );
  }
}

/** Another one as soon as somebody, or the making of the batches, has changed them. */
function questionOf(batches: readonly BatchRow[], query: ListBatchRowsQuery | null = null): string {
  const asked = batches.map(({ edition, id, revoked_at_ms: revokedAtMs, rows_done: done, work }) => {
    return [id, edition, work, done, revokedAtMs];
  });
  return createHash('sha256')
    .update(JSON.stringify([asked, query]))
    .digest('base64url');
}
