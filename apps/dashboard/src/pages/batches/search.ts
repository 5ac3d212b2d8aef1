export interface BatchesSearch {
  readonly offset?: number;
}

export const shows = ['active', 'used', 'expired', 'revoked', 'online', 'not_online', 'failed'] as const;
export type Show = (typeof shows)[number];

/** What the address of a batch says; all rows are shown when it says nothing. */
export interface BatchSearch extends BatchesSearch {
  readonly show?: Show;
}

export function isShow(text: unknown): text is Show {
  return shows.some((show) => show === text);
}

export function readBatchesSearch({ offset }: Readonly<Record<string, unknown>>): BatchesSearch {
  return typeof offset === 'number' && Number.isInteger(offset) && offset > 0 ? { offset } : {};
}

export function readBatchSearch(search: Readonly<Record<string, unknown>>): BatchSearch {
  const { show } = search;
  return { ...readBatchesSearch(search), ...(isShow(show) ? { show } : {}) };
}
