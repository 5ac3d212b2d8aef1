import { useState } from 'react';
import { isSomethingHeld } from '../components/leave-guard.tsx';
import { type Role, useMay } from './use-session.ts';

/**
 * As `useMay`; and while the page holds what would be lost with it, as it was before: whoever loses a role does not lose
 * what was made under it and is shown this once.
 */
export function useMayHere(least: Role): boolean {
  const may = useMay(least);
  const [before, setBefore] = useState(may);
  const mayHere = may || (before && isSomethingHeld());
  if (mayHere !== before) setBefore(mayHere);
  return mayHere;
}
