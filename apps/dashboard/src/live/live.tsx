import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, use, useEffect, useRef, useState } from 'react';
import { useSession } from '../session/use-session.ts';
import { type LiveEvent, readStream } from './stream.ts';
import { LiveTab, type LiveState, type TabSurroundings } from './tab.ts';

export type { LiveState } from './tab.ts';

type Handler = (event: LiveEvent) => void;

interface Live {
  readonly state: LiveState;
  readonly listen: (handler: Handler) => () => void;
}

const LiveContext = createContext<Live | undefined>(undefined);

const browser: TabSurroundings = {
  // Absent on plain HTTP off loopback, whatever the types say.
  locks: 'locks' in navigator ? navigator.locks : undefined,
  makeChannel: 'BroadcastChannel' in globalThis ? (name) => new BroadcastChannel(name) : undefined,
  read: readStream,
  isVisible: () => document.visibilityState === 'visible',
  onReturn: (call) => {
    const whenVisible = (): void => {
      if (document.visibilityState === 'visible') call();
    };
    globalThis.addEventListener('online', call);
    document.addEventListener('visibilitychange', whenVisible);
    return () => {
      globalThis.removeEventListener('online', call);
      document.removeEventListener('visibilitychange', whenVisible);
    };
  },
};

/** Keeps the stream of events for everything below it. */
export function LiveProvider({
  children,
  onSignedOut,
}: {
  readonly children: ReactNode;
  readonly onSignedOut: () => void;
}): ReactNode {
  const queries = useQueryClient();
  const { organization, principal } = useSession();
  const name = `edgeflow-live ${principal.id} ${organization.id}`;
  const [state, setState] = useState<LiveState>('connecting');
  const [handlers] = useState(() => new Set<Handler>());
  const signedOut = useRef(onSignedOut);
  useEffect(() => {
    signedOut.current = onSignedOut;
  });

  useEffect(() => {
    const tab = new LiveTab(name, browser, {
      onState: setState,
      onEvent: (event) => {
        for (const handler of handlers) handler(event);
      },
      // What was missed while nothing was heard is asked for again, wherever it is shown.
      onOpened: () => void queries.invalidateQueries(),
      onSignedOut: () => signedOut.current(),
    });
    tab.start();
    return () => tab.stop();
  }, [name, handlers, queries]);

  const [listen] = useState(() => (handler: Handler) => {
    handlers.add(handler);
    return () => void handlers.delete(handler);
  });
  return <LiveContext value={{ state, listen }}>{children}</LiveContext>;
}

/** Whether everything that happens is heard at once. */
export function useLiveState(): LiveState {
  return useLive().state;
}

/**
 * Calls `handler` for every event whose type is one of `types`, or begins with one that ends in a dot (`device.`).
 * Most handlers invalidate queries.
 */
export function useLiveEvents(types: readonly string[], handler: Handler): void {
  const { listen } = useLive();
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  const wanted = types.join(' ');
  useEffect(() => {
    const list = wanted.split(' ');
    return listen((event) => {
      if (list.some((type) => (type.endsWith('.') ? event.type.startsWith(type) : event.type === type)))
        latest.current(event);
    });
  }, [wanted, listen]);
}

function useLive(): Live {
  const live = use(LiveContext);
  if (live === undefined) throw new Error('live events exist only below the LiveProvider');
  return live;
}
