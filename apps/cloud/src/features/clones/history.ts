import { createHash } from 'node:crypto';
import type { CloneEvidence } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { type History, type Life, noHistory, type Suspicion } from './decide.ts';

const fingerprintLength = 16;

/** What stands for an `instance` or a `boot_id`, which a device may choose as long as it likes. */
export function fingerprint(text: string | undefined): string | null {
  if (text === undefined || text === '') return null;
  return createHash('sha256').update(text).digest('hex').slice(0, fingerprintLength);
}

export function readHistory(text: string | null): History {
  return text === null ? noHistory : (JSON.parse(text) as History);
}

export function writeHistory(history: History): string {
  return JSON.stringify(history);
}

/** A suspicion as it is kept and shown: to compare, not to follow a device by. */
export function evidenceOf({ lives, rule }: Suspicion): CloneEvidence {
  return { rule, connections: lives.map(connectionOf) };
}

function connectionOf({ address, boot, firstAtMs, instance, newestAtMs }: Life) {
  const first_at = toRfc3339(firstAtMs);
  return { instance, boot_id: boot, address, first_at, last_at: toRfc3339(newestAtMs) };
}
