import { join } from 'node:path';
import type { Role } from '@edgeflow/contract';
import { systemClock } from '@edgeflow/platform';
import { openDatabase } from '../../../apps/cloud/src/storage/open.ts';
import type { Story } from '../../support/story.ts';

/** Another organization of a person, straight into the database of a cloud of this story: no call makes one yet. */
export async function plantOrganization(
  story: Story,
  member: { readonly email: string; readonly role: Role },
  { id, name }: { readonly id: string; readonly name: string },
): Promise<void> {
  const { database } = await openDatabase(`sqlite:${join(story.folder, 'cloud', 'edgeflow.db')}`, {
    clock: systemClock,
    onPoolError: () => undefined,
  });
  const atMs = systemClock.now();
  const user = await database.db
    .selectFrom('users')
    .select('id')
    .where('email', '=', member.email)
    .executeTakeFirstOrThrow();
  await database.db
    .insertInto('organizations')
    .values({ id, name, device_limit: null, device_count: 0, created_at_ms: atMs })
    .execute();
  await database.db
    .insertInto('members')
    .values({ organization_id: id, user_id: user.id, role: member.role, created_at_ms: atMs })
    .execute();
  await database.close();
}
