import type { DeviceFilter } from './search.ts';

/** The devices that are chosen: some by name, over all pages, or all that a filter lets through. */
export type Selection =
  | { readonly kind: 'some'; readonly ids: ReadonlySet<string> }
  | { readonly kind: 'all'; readonly filter: DeviceFilter; readonly count: number };

export const nothingChosen: Selection = { kind: 'some', ids: new Set() };

export function countOf(selection: Selection): number {
  return selection.kind === 'all' ? selection.count : selection.ids.size;
}

/** `12 devices`, `1 device`. */
export function devicesInWords(count: number): string {
  return `${new Intl.NumberFormat().format(count)} ${count === 1 ? 'device' : 'devices'}`;
}

/** What a call to change them names them by, and how many the person has confirmed. */
export function whichDevices(selection: Selection) {
  const count = { expected_count: countOf(selection) };
  return selection.kind === 'all'
    ? { filter: selection.filter, ...count }
    : { device_ids: [...selection.ids], ...count };
}
