import type { Role } from '@edgeflow/contract';
import type { Message } from '../../mail/mailer.ts';
import type { PasswordReset } from './password-resets.ts';

/** Where a link for a new password leads. What follows `#` stays in the browser. */
export function resetLink(publicUrl: string, secret: string): string {
  return `${publicUrl}/reset-password#${secret}`;
}

export function invitationLink(publicUrl: string, secret: string): string {
  return `${publicUrl}/invite#${secret}`;
}

export function resetMessage({ email, name, secret }: PasswordReset, publicUrl: string): Message {
  return {
    to: email,
    subject: 'Set a new password for EdgeFlow',
    text: `Hello ${name},

somebody, probably you, asked for a new password for ${publicUrl}. Set it here within one hour:

${resetLink(publicUrl, secret)}

The link works once. If it was not you, do nothing: your password stays as it is.
`,
  };
}

export function invitationMessage(invitation: {
  readonly email: string;
  readonly organization: string;
  readonly invitedBy: string;
  readonly role: Role;
  readonly link: string;
}): Message {
  const { email, invitedBy, link, organization, role } = invitation;
  return {
    to: email,
    subject: `${invitedBy} invites you to ${organization} on EdgeFlow`,
    text: `Hello,

${invitedBy} invites you to ${organization} as ${role}. Accept within seven days:

${link}

The link works once. If you do not know what this is about, do nothing.
`,
  };
}
