import { join } from 'node:path';
import { systemClock } from '@edgeflow/platform';
import { sql } from 'kysely';
import type { Database } from '../../../apps/cloud/src/storage/database.ts';
import { openDatabase } from '../../../apps/cloud/src/storage/open.ts';
import { insertLargeFleet } from '../../../apps/cloud/src/testing/large-fleet.ts';
import type { CloudProcess } from '../../support/cloud-process.ts';
import type { Story } from '../../support/story.ts';

/** The newest was made so long ago. */
const agoMs = 3_600_000;

/** A fleet that was there before, straight into the database of a cloud of this story. */
export async function plantFleet(story: Story, cloud: CloudProcess, devices: number): Promise<void> {
  await plant(story, cloud, async (database, id) => {
    // Older than whatever the test makes, and last seen in the past.
    await insertLargeFleet(database, id, devices, systemClock.now() - agoMs);
  });
}

/** So many rows of the audit log, of an action of their own. */
export async function plantAudit(story: Story, cloud: CloudProcess, rows: number): Promise<void> {
  await plant(story, cloud, async (database, id) => {
    await sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows})
      insert into audit_log (organization_id, at_ms, actor_kind, actor_id, action, outcome, detail)
      select ${id}, i, 'system', 'system', 'planted', 'success', '{}' from n`.execute(database.db);
  });
}

async function plant(
  story: Story,
  cloud: CloudProcess,
  insert: (database: Database, organizationId: string) => Promise<void>,
): Promise<void> {
  const { json } = await cloud.call('GET', '/api/v1/organization');
  const { organization_id: id } = json as { readonly organization_id: string };
  const { database } = await openDatabase(`sqlite:${join(story.folder, 'cloud', 'edgeflow.db')}`, {
    clock: systemClock,
    onPoolError: () => undefined,
  });
  await insert(database, id);
  await database.close();
}
