import { type AuditAction, type BulkChange, tagsMax } from '@edgeflow/contract';
import type { Tx } from '../../storage/database.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import { lockCount, setGroups, setLifecycles, setTags, uncountDevices } from '../devices/index.ts';
import type { EventFact } from '../events/index.ts';
import { requestRotations } from '../rotation/index.ts';

/** What became of the devices of one part. */
export interface Applied {
  readonly changed: readonly string[];
  /** How many were left as they are, by reason. */
  readonly skipped: ReadonlyMap<string, number>;
}

/** How a change is written down for each device: the same as when it is made to one. */
interface Kind {
  readonly action: AuditAction;
  readonly event: EventFact['type'] | undefined;
  /** It may end open tunnels, or asks something of them. */
  readonly isSecurity: boolean;
}

const update: Kind = { action: 'device.update', event: 'device.updated', isSecurity: false };
export const kinds: Readonly<Record<BulkChange['action'], Kind>> = {
  add_tags: update,
  remove_tags: update,
  set_group: update,
  rotate: { action: 'key.rotation_request', event: undefined, isSecurity: true },
  revoke: { action: 'device.revoke', event: 'device.revoked', isSecurity: true },
  delete: { action: 'device.delete', event: 'device.deleted', isSecurity: true },
};

/** Takes what is locked before devices are, in the order of `storage/device-locks.ts`. */
export async function lockFirst(tx: Tx, organizationId: string, change: BulkChange): Promise<void> {
  if (change.action === 'delete') await lockCount(tx, organizationId);
}

/** Makes the change to devices that are held and not deleted. */
export async function apply(
  tx: Tx,
  organizationId: string,
  rows: readonly DeviceRow[],
  change: BulkChange,
): Promise<Applied> {
  switch (change.action) {
    case 'add_tags':
      return retag(tx, rows, (tags) => [...new Set([...tags, ...change.tags])]);
    case 'remove_tags':
      return retag(tx, rows, (tags) => tags.filter((tag) => !change.tags.includes(tag)));
    case 'set_group': {
      const some = rows.filter((row) => row.device_group !== change.group);
      await setGroups(tx, some.map(idOf), change.group);
      return appliedTo(rows, some);
    }
    case 'rotate':
      return requestRotations(tx, rows);
    case 'revoke': {
      const some = rows.filter((row) => row.lifecycle !== 'revoked');
      await setLifecycles(tx, some.map(idOf), 'revoked');
      return appliedTo(rows, some);
    }
    case 'delete':
      await setLifecycles(tx, rows.map(idOf), 'deleted');
      await uncountDevices(tx, organizationId, rows.length);
      return appliedTo(rows, rows);
  }
}

async function retag(
  tx: Tx,
  rows: readonly DeviceRow[],
  retagged: (tags: readonly string[]) => readonly string[],
): Promise<Applied> {
  const skipped = new Map<string, number>();
  const skip = (reason: string): void => void skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  const some = rows.flatMap(({ id, tags: text }) => {
    const before = JSON.parse(text) as string[];
    const tags = retagged(before);
    if (tags.length > tagsMax) skip('too_many_tags');
    else if (tags.length === before.length) skip('unchanged');
    else return { id, tags };
    return [];
  });
  await setTags(tx, some);
  return { changed: some.map(idOf), skipped };
}

function appliedTo(rows: readonly DeviceRow[], some: readonly DeviceRow[]): Applied {
  const left = rows.length - some.length;
  return { changed: some.map(idOf), skipped: new Map(left === 0 ? [] : [['unchanged', left]]) };
}

function idOf({ id }: { readonly id: string }): string {
  return id;
}
