/**
 * A place of ours to come back to, as a browser understands what was given; undefined for any other site.
 *
 * @param origin of the page
 */
export function placeOf(value: unknown, origin: string): string | undefined {
  if (typeof value !== 'string' || !value.startsWith('/')) return undefined;
  const url = URL.parse(value, origin);
  if (url?.origin !== origin) return undefined;
  // Whoever has signed in is not asked to again.
  if (url.pathname === '/sign-in') return undefined;
  const place = `${url.pathname}${url.search}${url.hash}`;
  // `/.//evil.example` is a place of ours whose path alone would be another site.
  return URL.parse(place, origin)?.origin === origin ? place : undefined;
}
