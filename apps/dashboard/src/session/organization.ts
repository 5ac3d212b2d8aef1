import { hashKey, type QueryClient } from '@tanstack/react-query';
import { type Session, sessionQuery } from './use-session.ts';

/** What the tabs of a browser, which share its session, tell each other when it goes on in another organization. */
const channelName = 'edgeflow-session';

function whose({ organization, principal }: Session): string {
  return `${principal.id} ${organization.id}`;
}

/**
 * Forgets all that was read for another person or organization, however the session came to be theirs no more: before
 * anything of the page is drawn again.
 */
export function forgetOthers(queries: QueryClient): void {
  const sessionHash = hashKey(sessionQuery.queryKey);
  let known: string | undefined;
  queries.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated' || event.query.queryHash !== sessionHash) return;
    const session = queries.getQueryData(sessionQuery.queryKey);
    if (session === undefined) return;
    const now = whose(session);
    if (known !== undefined && known !== now)
      queries.removeQueries({ predicate: ({ queryHash }) => queryHash !== sessionHash });
    known = now;
  });
}

/** Says to the other tabs of this browser that its session has changed. */
export function tellOtherTabs(): void {
  const channel = openChannel();
  channel?.postMessage('changed');
  channel?.close();
}

/** Calls whenever another tab has said so; the answer takes it back. */
export function whenOtherTabsTell(call: () => void): () => void {
  const channel = openChannel();
  channel?.addEventListener('message', call);
  return () => channel?.close();
}

function openChannel(): BroadcastChannel | undefined {
  return 'BroadcastChannel' in globalThis ? new BroadcastChannel(channelName) : undefined;
}
