import { textOf } from '../../components/search-text.ts';

/** What the address of the page says; what is not said is not filtered. */
export interface AuditSearch {
  readonly actor?: string;
  readonly action?: string;
  readonly object?: string;
  readonly outcome?: 'success' | 'failure';
  /** Days of the viewer, as `2026-02-21`. */
  readonly from?: string;
  readonly to?: string;
  readonly offset?: number;
}

const texts = ['actor', 'action', 'object'] as const;
const days = ['from', 'to'] as const;

export function readAuditSearch(search: Readonly<Record<string, unknown>>): AuditSearch {
  const { offset, outcome } = search;
  return {
    ...Object.fromEntries(
      texts.flatMap((name) => (isWord(textOf(search[name])) ? [[name, textOf(search[name])]] : [])),
    ),
    ...Object.fromEntries(days.flatMap((name) => (isDay(search[name]) ? [[name, search[name]]] : []))),
    ...(outcome === 'success' || outcome === 'failure' ? { outcome } : {}),
    ...(typeof offset === 'number' && Number.isInteger(offset) && offset > 0 ? { offset } : {}),
  };
}

/** The filters as the API takes them: days become moments in the viewer's zone. */
export function filtersOf({ from, offset: _, to, ...kept }: AuditSearch): Record<string, string> {
  return {
    ...kept,
    ...(from === undefined ? {} : { since: new Date(`${from}T00:00:00`).toISOString() }),
    ...(to === undefined ? {} : { until: new Date(`${to}T23:59:59.999`).toISOString() }),
  };
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 128;
}

function isDay(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value));
}
