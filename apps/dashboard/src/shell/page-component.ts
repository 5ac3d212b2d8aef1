import { lazyRouteComponent } from '@tanstack/react-router';
import { wasReloadedWithin } from '../platform.ts';

type Pages<Name extends string> = Readonly<Record<Name, React.ComponentType>>;

const reloadsApartMs = 30_000;

/** The code of a page cannot be had, though the cloud answers: most likely another version was deployed. */
export class PageGone extends Error {
  override readonly name = 'PageGone';
}

/**
 * A page whose code comes when it is first wanted, or pointed at.
 *
 * Where it cannot be had the page fails: with {@link PageGone}, or as any call of a cloud that cannot be reached.
 */
export function pageComponent<Name extends string>(load: () => Promise<Pages<Name>>, name: Name) {
  return lazyRouteComponent<Pages<Name>, Name>(
    () =>
      load().catch(async (cause: unknown) => {
        if (!(await isReachable())) throw new TypeError('the code of a page cannot be had', { cause });
        throw new PageGone('The code of this page is not to be had any more', { cause });
      }),
    name,
  );
}

/**
 * Whether loading all anew may help: not where it was done just now. Asking for the code alone again never does, since
 * browsers keep it in mind when it could not be had.
 */
export function mayReload(): boolean {
  return !wasReloadedWithin(reloadsApartMs);
}

async function isReachable(): Promise<boolean> {
  try {
    return (await fetch('/healthz', { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}
