import type { AnyRouter } from '@tanstack/react-router';

const signInPath = '/sign-in';

/** Where to sign in, and to come back from. */
export function signInAddress(from: string): string {
  return from === '/' ? signInPath : `${signInPath}?to=${encodeURIComponent(from)}`;
}

/**
 * Leads to the sign-in, and from there back, in place of the page: once, however many calls were answered that nobody is
 * signed in. Pages for strangers stay: they only look whether somebody is.
 */
export function leadToSignIn({ navigate, state }: AnyRouter): void {
  const { location, matches } = state;
  // The address is that of where the browser goes; the page before is there until that has been loaded.
  if (location.pathname === signInPath) return;
  if (matches.some(({ routeId }) => routeId.startsWith('/signed-in'))) {
    void navigate({ href: signInAddress(location.href), replace: true });
  }
}
