import { type UseQueryResult, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { api } from '../api/client.ts';
import { useLiveEvents, useLiveState } from '../live/live.tsx';
import { after, every, nowMs } from '../platform.ts';
import { nextChangeMs, type Onboarding } from './state.ts';

/** What is watched is asked again this often while live updates are paused. */
export const pollMs = 5_000;
/** How often the time that is left is shown anew. */
const tickMs = 15_000;

export interface WatchedOnboarding {
  readonly query: UseQueryResult<Onboarding, unknown>;
  /** The cloud's time, as far as this page can know it. */
  readonly cloudNowMs: number;
}

/** How far a code has come, changing as it happens. */
export function useOnboarding(codeId: string): WatchedOnboarding {
  const queries = useQueryClient();
  const live = useLiveState();
  const init = { params: { path: { id: codeId } } };
  const options = api.queryOptions('get', '/api/v1/provisioning-codes/{id}/onboarding', init);
  const query = api.useQuery('get', '/api/v1/provisioning-codes/{id}/onboarding', init, {
    refetchInterval: live === 'live' ? false : pollMs,
  });
  const code = query.data?.code;
  // Which device it is may be heard before it is read, and its tunnel opens a moment later.
  const heardOf = useRef<unknown>(undefined);
  useLiveEvents(['code.', 'device.'], ({ data, object }) => {
    const concerned = [object, data['code_id'], data['device_id']];
    if (concerned.includes(codeId)) heardOf.current = data['device_id'] ?? heardOf.current;
    const own = [codeId, code?.used_by, code?.device_id, heardOf.current];
    if (concerned.some((id) => typeof id === 'string' && own.includes(id)))
      void queries.invalidateQueries({ queryKey: options.queryKey });
  });
  return { query, cloudNowMs: useCloudNow(query) };
}

/**
 * The time by the cloud's clock, which judges every expiry. How far this machine's clock is off is measured by the
 * first answer, and stays: both run on.
 */
function useCloudNow(query: UseQueryResult<Onboarding, unknown>): number {
  const { data, dataUpdatedAt } = query;
  const [offsetMs, setOffset] = useState<number>();
  const [tickedMs, setTicked] = useState(nowMs);
  if (offsetMs === undefined && data !== undefined) setOffset(Date.parse(data.at) - dataUpdatedAt);
  const cloudNowMs = Math.max(tickedMs, dataUpdatedAt) + (offsetMs ?? 0);
  useEffect(() => every(tickMs, () => setTicked(nowMs())), []);
  const next = data === undefined ? undefined : nextChangeMs(data, cloudNowMs);
  useEffect(() => {
    const waitMs = (next ?? Number.POSITIVE_INFINITY) - nowMs() - (offsetMs ?? 0);
    return waitMs < tickMs ? after(Math.max(0, waitMs), () => setTicked(nowMs())) : undefined;
  }, [next, offsetMs, tickedMs]);
  return cloudNowMs;
}
