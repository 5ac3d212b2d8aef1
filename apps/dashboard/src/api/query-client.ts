import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiProblem, isRetryable } from './problem.ts';

const retriesMax = 3;
/** Live events say when something changed; this only keeps two components from asking the same at once. */
const freshMs = 10_000;
const retryMsMax = 15_000;

/** Codes that mean: nobody is signed in (any more). */
const signedOutCodes = new Set(['token_rejected', 'session_missing']);

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.document.status === 401 && signedOutCodes.has(error.code);
}

export interface Refusals {
  /** Called whenever an answer says that nobody is signed in. */
  readonly onSignedOut: () => void;
  /** Called whenever an answer says that the role of whoever is signed in does not allow what was asked. */
  readonly onForbidden: () => void;
}

export function makeQueryClient({ onForbidden, onSignedOut }: Refusals): QueryClient {
  const onError = (error: unknown): void => {
    if (isSignedOut(error)) onSignedOut();
    if (error instanceof ApiProblem && error.code === 'forbidden') onForbidden();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // The cloud may be this very machine, or one beside it: whether there is a way to the internet says nothing of it.
        networkMode: 'always',
        refetchOnReconnect: true,
        staleTime: freshMs,
        retry: (failures, error) => failures < retriesMax && isRetryable(error),
        retryDelay: (failures, error) =>
          Math.min(
            (error instanceof ApiProblem ? error.retryAfterMs : undefined) ?? 500 * 2 ** failures,
            retryMsMax,
          ),
      },
      // What changes something is repeated only by a person, who sees what happened first.
      // Nor does it wait for a network, to be done when nobody expects it any more.
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}
