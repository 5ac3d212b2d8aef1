/** Where to sign in, and to come back from. */
export function signInAddress(from: string): string {
  return from === '/' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(from)}`;
}
