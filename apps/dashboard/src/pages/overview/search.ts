import type { Schema } from '../../api/client.ts';

export type Overview = Schema<'Overview'>;
export type Window = Overview['window'];

/** What the address of the page says; the day is left out. */
export interface OverviewSearch {
  readonly window?: Window;
}

export const windowWords: Readonly<Record<Window, string>> = {
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
};

export function isWindow(text: unknown): text is Window {
  return typeof text === 'string' && Object.hasOwn(windowWords, text);
}
