const key = 'edgeflow-invitation';

/** The secret of an invitation outlives the sign-in in between, in this tab alone and in no address. */
export function keepInvitation(secret: string): void {
  sessionStorage.setItem(key, secret);
}

export function keptInvitation(): string {
  return sessionStorage.getItem(key) ?? '';
}

export function forgetInvitation(): void {
  sessionStorage.removeItem(key);
}
