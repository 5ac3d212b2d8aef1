import { textOf } from '../../components/search-text.ts';

const statuses = ['active', 'used', 'expired', 'revoked'] as const;
export type CodeStatus = (typeof statuses)[number];

/** What the address of the page says; what is not said is not filtered. */
export interface CodesSearch {
  readonly status?: CodeStatus;
  readonly q?: string;
  readonly batch?: string;
  readonly created_by?: string;
  readonly offset?: number;
}

export function isStatus(text: unknown): text is CodeStatus {
  return statuses.some((status) => status === text);
}

export function readCodesSearch(search: Readonly<Record<string, unknown>>): CodesSearch {
  const { batch, created_by: maker, offset, status } = search;
  const q = textOf(search['q']);
  return {
    ...(isStatus(status) ? { status } : {}),
    ...(isWords(q) ? { q } : {}),
    ...(isWords(batch) ? { batch } : {}),
    ...(isWords(maker) ? { created_by: maker } : {}),
    ...(typeof offset === 'number' && Number.isInteger(offset) && offset > 0 ? { offset } : {}),
  };
}

function isWords(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 128;
}
