import { entry } from './error-entry.ts';

/** What there is to say about people: how they sign in, and what they may do to each other. */
export const peopleErrors = {
  sign_in_failed: entry(
    401,
    'E-mail address and password do not match',
    'Type both again, or choose “Forgotten password?”. Capital letters count in the password.',
  ),
  second_factor_failed: entry(
    401,
    'This code is not valid',
    'Type the code that the authenticator shows now, once; or use one of the recovery codes.',
  ),
  challenge_expired: entry(
    401,
    'This sign-in has waited too long, or was tried too often',
    'Sign in again with e-mail address and password.',
  ),
  session_missing: entry(401, 'You are not signed in, or no longer', 'Sign in again.'),
  sign_in_throttled: entry(
    429,
    'Too many attempts to sign in',
    'Wait, at most a quarter of an hour. A browser in which you have signed in before has attempts of its own.',
    true,
  ),
  session_required: entry(
    403,
    'Only a person who is signed in can do this, not an operator token',
    'Sign in to the dashboard and do it there.',
  ),
  cross_site: entry(
    403,
    'This change was asked for by another site',
    'Open the dashboard at the address in its own tab and do it there; programs send an operator token, not a cookie.',
  ),
  link_invalid: entry(
    410,
    'This link is not valid any more: it was used, has expired, or another took its place',
    'Ask for a new one; for the first owner, npm start -- setup-link prints it.',
  ),
  setup_complete: entry(
    409,
    'This cloud has an owner already',
    'Sign in, or ask an owner for an invitation. If all owners are lost, npm start -- reset-owner helps.',
  ),
  password_wrong: entry(403, 'The current password is not right', 'Type the password that you sign in with.'),
  email_taken: entry(
    409,
    'Somebody with this e-mail address has an account already',
    'Sign in with it first, then open the link again. If its password is not yours or is lost, “Forgotten password?” gives it to whoever reads that mailbox.',
  ),
  two_factor_conflict: entry(
    409,
    'The second factor is not in a state that allows this',
    'Look at the account again: it may have been switched on or off in another tab.',
  ),
  last_owner: entry(
    409,
    'An organization needs an owner, and this is the last',
    'Make somebody else an owner first.',
  ),
  role_above_own: entry(
    403,
    'Nobody can give or change a role above their own',
    'Ask an owner of the organization.',
  ),
  no_membership: entry(
    403,
    'This account belongs to no organization now',
    'Ask an administrator for an invitation.',
  ),
  already_member: entry(
    409,
    'This person belongs to the organization already',
    'Change their role in the list of members.',
  ),
  organization_not_found: entry(
    404,
    'You belong to no such organization',
    'Choose one of those that GET /api/v1/session lists.',
  ),
  member_not_found: entry(404, 'There is no such member', 'List the members with GET /api/v1/members.'),
  invitation_not_found: entry(
    404,
    'There is no such open invitation',
    'List the invitations with GET /api/v1/invitations.',
  ),
  token_not_found: entry(404, 'There is no such operator token', 'List them with GET /api/v1/tokens.'),
  session_not_found: entry(
    404,
    'There is no such session',
    'List your sessions with GET /api/v1/account/sessions.',
  ),
} as const;
