import { useEffect, useState } from 'react';
import { every, nowMs } from '../platform.ts';

/** The time, again every `periodMs` while the component is there. */
export function useNow(periodMs: number): number {
  const [now, setNow] = useState(nowMs);
  useEffect(() => every(periodMs, () => setNow(nowMs())), [periodMs]);
  return now;
}
