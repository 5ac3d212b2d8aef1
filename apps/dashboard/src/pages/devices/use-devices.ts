import { keepPreviousData, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { useLiveEvents } from '../../live/live.tsx';
import { after } from '../../platform.ts';
import { type DevicesSearch, isFiltered, queryOf } from './search.ts';

type Device = Schema<'Device'>;

interface DevicesPage {
  readonly devices: readonly Device[];
  readonly total: number;
  readonly next_cursor: string | null;
}

/** Events are gathered this long; a search goes through the whole fleet, so it is asked for again less often. */
const refreshMs = { all: 1_000, filtered: 5_000 } as const;

function pageQuery(search: DevicesSearch) {
  const query = queryOf(search);
  return queryOptions({
    queryKey: ['get', '/api/v1/devices', query],
    queryFn: async ({ signal }): Promise<DevicesPage> => readPage(query, signal),
    // Rows change in their places by what events say; a page that comes back shows what it showed.
    staleTime: 30_000,
  });
}

async function readPage(query: ReturnType<typeof queryOf>, signal?: AbortSignal): Promise<DevicesPage> {
  const { data } = await client.GET('/api/v1/devices', {
    params: { query },
    ...(signal === undefined ? {} : { signal }),
  });
  if (data === undefined) throw new Error('the list came without a body');
  return data;
}

/**
 * One page of the list. While it is shown its rows change in their places and none jumps; whether others would be in
 * their place by now is told, and shown when the person asks.
 */
export function useDevices(search: DevicesSearch) {
  const options = pageQuery(search);
  const queries = useQueryClient();
  const [outdated, setOutdated] = useState<string | undefined>(undefined);
  const key = JSON.stringify(options.queryKey);
  const pending = useRef<(() => void) | undefined>(undefined);
  useEffect(
    () => () => {
      pending.current?.();
      pending.current = undefined;
    },
    [key],
  );
  useLiveEvents(['device.'], () => {
    pending.current ??= after(isFiltered(search) ? refreshMs.filtered : refreshMs.all, () => {
      pending.current = undefined;
      void readPage(queryOf(search)).then(
        (fresh) => {
          const shown = queries.getQueryData<DevicesPage>(options.queryKey);
          if (shown === undefined) return;
          queries.setQueryData(options.queryKey, inPlace(shown, fresh));
          if (!sameRows(shown, fresh)) setOutdated(key);
        },
        // The next event asks again.
        () => undefined,
      );
    });
  });
  const result = useQuery({ ...options, placeholderData: keepPreviousData });
  const refresh = (): void => {
    setOutdated(undefined);
    void result.refetch();
  };
  return { ...result, isOutdated: outdated === key, refresh };
}

/** The rows that are shown, as they are now. An empty page has no row to jump. */
function inPlace(shown: DevicesPage, fresh: DevicesPage): DevicesPage {
  if (shown.devices.length === 0) return fresh;
  const now = new Map(fresh.devices.map((device) => [device.device_id, device]));
  return { ...shown, total: fresh.total, devices: shown.devices.map((one) => now.get(one.device_id) ?? one) };
}

function sameRows(shown: DevicesPage, fresh: DevicesPage): boolean {
  if (shown.devices.length === 0) return true;
  const ids = (page: DevicesPage): string => page.devices.map((device) => device.device_id).join(' ');
  return ids(shown) === ids(fresh);
}
