import type { Readable } from 'node:stream';
import type { Timers } from '@edgeflow/platform';
import { ProblemError } from '../../http/problems.ts';
import type { BatchRow } from '../../storage/batch-tables.ts';
import { insertAudit } from '../audit/index.ts';
import type { Operator } from '../identity/index.ts';
import { batchCsv } from './export/csv.ts';
import { batchEnvFiles } from './export/env-files.ts';
import { batchLabels } from './export/labels.ts';
import type { TextSource } from './export/texts.ts';
import { lockBatch } from './store.ts';

export interface BatchExportsOptions extends TextSource {
  readonly timers: Timers;
}

export interface ExportedFile {
  readonly name: string;
  readonly body: Readable;
}

/** Files with the texts of a batch's codes, while they are kept. Each is written down before its first byte goes out. */
export class BatchExports {
  readonly #options: BatchExportsOptions;

  constructor(options: BatchExportsOptions) {
    this.#options = options;
  }

  async csv(operator: Operator, id: string): Promise<ExportedFile> {
    const batch = await this.#begin(operator, id, 'csv');
    return { name: `${fileStem(batch)}.csv`, body: batchCsv(this.#options, batch) };
  }

  async labels(operator: Operator, id: string, page: 'a4' | 'letter'): Promise<ExportedFile> {
    const batch = await this.#begin(operator, id, `labels ${page}`);
    const body = batchLabels(this.#options, this.#options.timers, batch, page);
    return { name: `${fileStem(batch)}-labels.pdf`, body };
  }

  async envFiles(operator: Operator, id: string): Promise<ExportedFile> {
    const batch = await this.#begin(operator, id, 'env files');
    return { name: `${fileStem(batch)}-env.zip`, body: batchEnvFiles(this.#options, batch) };
  }

  /** Throws `batch_not_ready` while codes are made, and `batch_texts_wiped` once nothing is kept of them. */
  #begin(operator: Operator, id: string, format: string): Promise<BatchRow> {
    const { actor, organizationId } = operator;
    return this.#options.database.transaction(async (tx) => {
      const batch = await lockBatch(tx, organizationId, id);
      if (batch === undefined) throw new ProblemError('batch_not_found');
      if (batch.work !== null) throw new ProblemError('batch_not_ready');
      if (batch.texts_until_ms === null || batch.texts_until_ms <= tx.nowMs) {
        throw new ProblemError('batch_texts_wiped');
      }
      await insertAudit(tx, [
        {
          ...{ organizationId, atMs: tx.nowMs, actor, action: 'batch.export' },
          ...{ object: { kind: 'batch', id }, outcome: 'success' as const },
          detail: { format, edition: batch.edition },
        },
      ]);
      return batch;
    });
  }
}

/** What is safe of a batch's name in a file's name and in a header. */
function fileStem({ id, name }: BatchRow): string {
  const word = (name ?? '')
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60);
  return word === '' ? id : word;
}
