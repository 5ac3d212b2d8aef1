import { join } from 'node:path';
import { systemClock } from '@edgeflow/platform';
import { openDatabase } from '../../../apps/cloud/src/storage/open.ts';
import { insertLargeFleet } from '../../../apps/cloud/src/testing/large-fleet.ts';
import type { CloudProcess } from '../../support/cloud-process.ts';
import type { Story } from '../../support/story.ts';

/** The newest was made so long ago. */
const agoMs = 3_600_000;

/** A fleet that was there before, straight into the database of a cloud of this story. */
export async function plantFleet(story: Story, cloud: CloudProcess, devices: number): Promise<void> {
  const { json } = await cloud.call('GET', '/api/v1/organization');
  const { organization_id: id } = json as { readonly organization_id: string };
  const { database } = await openDatabase(`sqlite:${join(story.folder, 'cloud', 'edgeflow.db')}`, {
    clock: systemClock,
    onPoolError: () => undefined,
  });
  // Older than whatever the test makes, and last seen in the past.
  await insertLargeFleet(database, id, devices, systemClock.now() - agoMs);
  await database.close();
}
