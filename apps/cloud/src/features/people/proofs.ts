import type { Tx } from '../../storage/database.ts';
import { userById } from './store.ts';

/**
 * Notes that an e-mail address is that of whoever has the account: they have come by a link that was mailed there, or
 * that whoever runs the cloud has handed over.
 */
export async function proveAddress(tx: Tx, userId: string): Promise<void> {
  await tx.db.updateTable('users').set({ email_verified: 1 }).where('id', '=', userId).execute();
}

/**
 * The same at a new password, by such a link. Whoever invites is shown a link, so anybody may have made this account for
 * an address that is not theirs, and have set up a second factor to keep its owner out. One that is older than the first
 * proof goes.
 *
 * @returns whether there was one
 */
export async function takeOver(tx: Tx, userId: string): Promise<boolean> {
  const user = await userById(tx, userId);
  if (user.email_verified !== 0) return false;
  await tx.db.deleteFrom('two_factors').where('user_id', '=', userId).execute();
  const proven = { email_verified: 1, two_factor_enabled: 0 };
  await tx.db.updateTable('users').set(proven).where('id', '=', userId).execute();
  return user.two_factor_enabled !== 0;
}
