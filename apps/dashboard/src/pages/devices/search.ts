import { textOf } from '../../components/search-text.ts';
import type { paths } from '../../api/schema.gen.ts';

type Query = NonNullable<paths['/api/v1/devices']['get']['parameters']['query']>;

/** What of the list is in the address of the page: whoever gets the link sees the same. */
export interface DevicesSearch extends DeviceFilter {
  readonly sort?: SortBy;
  /** Where the page begins; and how many devices are before it, to say so. */
  readonly cursor?: string;
  readonly from?: number;
}

export interface DeviceFilter {
  readonly q?: string;
  readonly status?: NonNullable<Query['status']>;
  readonly tag?: string;
  readonly group?: string;
  readonly board?: string;
  readonly version?: string;
  readonly clones?: 'suspected';
  readonly needs_key?: 'true';
}

export const sortings = {
  newest: { words: 'Newest first', query: { sort: 'created' } },
  oldest: { words: 'Oldest first', query: { sort: 'created', order: 'asc' } },
  name: { words: 'By name', query: { sort: 'name' } },
  seen: { words: 'Last seen first', query: { sort: 'last_seen' } },
  silent: { words: 'Longest silent first', query: { sort: 'last_seen', order: 'asc' } },
} as const satisfies Record<string, { words: string; query: Pick<Query, 'sort' | 'order'> }>;
export type SortBy = keyof typeof sortings;

export const statusWords = {
  online: 'Online',
  offline: 'Offline',
  reconnecting: 'Reconnecting',
  never_connected: 'Never connected',
  quarantined: 'Quarantined',
  revoked: 'Revoked',
} as const satisfies Record<NonNullable<Query['status']>, string>;

const textsOfFilter = ['q', 'tag', 'group', 'board', 'version'] as const;
export const devicesPerPage = 50;

/** Reads the address. What it does not know it leaves out, so that a link of another version still opens the list. */
export function readSearch(raw: Record<string, unknown>): DevicesSearch {
  const texts = textsOfFilter.flatMap((name) => {
    const value = textOf(raw[name]);
    return typeof value === 'string' && value.trim() !== '' ? [[name, value.slice(0, 128)]] : [];
  });
  const { clones, cursor, from, needs_key: needsKey, sort, status } = raw;
  return {
    ...(Object.fromEntries(texts) as DeviceFilter),
    ...(isOneOf(statusWords, status) ? { status } : {}),
    ...(clones === 'suspected' ? { clones } : {}),
    ...(needsKey === 'true' || needsKey === true ? { needs_key: 'true' } : {}),
    ...(isOneOf(sortings, sort) && sort !== 'newest' ? { sort } : {}),
    ...(typeof cursor === 'string' ? { cursor } : {}),
    ...(Number.isSafeInteger(from) && Number(from) > 0 ? { from: Number(from) } : {}),
  };
}

function isOneOf<T extends object>(known: T, value: unknown): value is keyof T & string {
  return typeof value === 'string' && Object.hasOwn(known, value);
}

/** What of it narrows the list down. */
export function filterOf({ cursor: _, from: __, sort: ___, ...filter }: DevicesSearch): DeviceFilter {
  return filter;
}

export function isFiltered(search: DevicesSearch): boolean {
  return Object.keys(filterOf(search)).length > 0;
}

/** The call behind a page. */
export function queryOf(search: DevicesSearch): Query {
  const { query } = sortings[search.sort ?? 'newest'];
  const { cursor } = search;
  return {
    ...filterOf(search),
    ...query,
    limit: devicesPerPage,
    ...(cursor === undefined ? {} : { cursor }),
  };
}
