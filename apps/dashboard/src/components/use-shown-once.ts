import { useCallback, useState } from 'react';

/**
 * `making`: the cloud was asked, and its answer is told once. `held`: that is on the page, and the person has not got it.
 */
export type Holds = 'nothing' | 'making' | 'held';

export interface ShownOnce<T> {
  readonly key: number;
  readonly made: T;
  /** It was copied, or is of no use any more: nothing is lost with it. */
  readonly taken: boolean;
}

export interface ShownOnceList<T> {
  readonly all: readonly ShownOnce<T>[];
  /** What would be lost with the page. */
  readonly holds: (isMaking: boolean) => Holds;
  /** @param taken it is elsewhere too */
  readonly show: (made: T, taken?: boolean) => void;
  /** Stays the same function. */
  readonly take: (key: number) => void;
  readonly drop: (key: number) => void;
}

/**
 * What the cloud tells this once: in the memory of this page and nowhere else. It stays until it is dropped, or was taken
 * and the next is shown: whoever makes another before copying the first has both.
 */
export function useShownOnce<T>(): ShownOnceList<T> {
  const [all, setAll] = useState<readonly ShownOnce<T>[]>([]);
  const take = useCallback((key: number): void => {
    setAll((before) => before.map((one) => (one.key === key ? { ...one, taken: true } : one)));
  }, []);
  return {
    all,
    holds: (isMaking) => (isMaking ? 'making' : all.some(({ taken }) => !taken) ? 'held' : 'nothing'),
    show: (made, taken = false) => {
      setAll((before) => [
        ...before.filter((one) => !one.taken),
        { key: (before.at(-1)?.key ?? 0) + 1, made, taken },
      ]);
    },
    take,
    drop: (key) => {
      setAll((before) => before.filter((one) => one.key !== key));
    },
  };
}
