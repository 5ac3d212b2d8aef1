import { useEffect, useRef, useState } from 'react';
import { Soon } from './soon.ts';

/** {@link Soon} while the component is there. */
export function useSoon(call: () => void): () => void {
  const latest = useRef(call);
  useEffect(() => {
    latest.current = call;
  });
  const [soon] = useState(
    () =>
      new Soon(() => {
        latest.current();
      }),
  );
  useEffect(
    () => () => {
      soon.stop();
    },
    [soon],
  );
  return () => {
    soon.ask();
  };
}
