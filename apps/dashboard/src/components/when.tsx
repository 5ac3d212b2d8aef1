import type { ReactNode } from 'react';
import { describeDistance, formatTime } from './time-words.ts';
import { useNow } from './use-now.ts';

const periodMs = 15_000;

export interface WhenProps {
  /** RFC 3339; `null` shows `missing`. */
  readonly at: string | null | undefined;
  /** Shown in place of no time. */
  readonly missing?: ReactNode;
  /** `distance` ("3 minutes ago") by default, the exact time beside the pointer; or the exact time itself. */
  readonly as?: 'distance' | 'exact';
}

/** A time in the viewer's zone and language. */
export function When({ at, missing = '–', as = 'distance' }: WhenProps): ReactNode {
  const now = useNow(periodMs);
  if (at === null || at === undefined) return missing;
  const exact = formatTime(at);
  return (
    <time dateTime={at} title={exact}>
      {as === 'exact' ? exact : describeDistance(Date.parse(at) - now)}
    </time>
  );
}
