import { useEffect, useState } from 'react';
import { Soon } from './soon.ts';

/** {@link Soon} while the component is there. */
export function useSoon(call: () => void): () => void {
  const [soon] = useState(() => new Soon(call));
  useEffect(() => {
    soon.doInstead(call);
  });
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
