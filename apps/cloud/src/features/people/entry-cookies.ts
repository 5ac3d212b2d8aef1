import { readCookie, setCookie } from '../../http/cookies.ts';
import type { RequestOrigin } from '../../http/request-origin.ts';
import { sessionSeconds } from './auth.ts';
import { type KnownBrowsers, knownBrowserSeconds } from './known-browsers.ts';
import type { Begun } from './sessions.ts';

interface Call {
  readonly origin: RequestOrigin;
  readonly headers: { readonly cookie?: string | undefined };
}

/** Gives the browser its session. */
export function sessionCookie(token: string, origin: RequestOrigin): string {
  return setCookie('session', token, sessionSeconds, origin);
}

/** Remembers the browser, in which this person has just shown who they are. */
export async function browserCookie(
  browsers: KnownBrowsers,
  email: string,
  { headers, origin }: Call,
): Promise<string> {
  const presented = readCookie('browser', headers, origin);
  return setCookie('browser', await browsers.cookieFor(email, presented), knownBrowserSeconds, origin);
}

/** Both. */
export async function entryCookies(
  browsers: KnownBrowsers,
  { email, token }: Begun,
  call: Call,
): Promise<string[]> {
  return [sessionCookie(token, call.origin), await browserCookie(browsers, email, call)];
}
