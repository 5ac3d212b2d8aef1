import { useEffect, useRef, useState } from 'react';
import { after } from '../platform.ts';

/** Whoever types is not done yet. */
const typingMs = 300;

export interface Typed {
  /** As it stands in the field. */
  readonly text: string;
  /** What is typed becomes a search once the typing has paused; `false` where it is none yet. */
  readonly type: (typed: string, isSearch?: boolean) => void;
  /** Searches for it at once. */
  readonly search: (typed: string) => void;
}

/**
 * The text of a field that becomes a search once the typing pauses, and follows a search that is changed elsewhere.
 *
 * @param value what is searched for now
 */
export function useTyped(value: string, onSearch: (text: string) => void): Typed {
  const [text, setText] = useState(value);
  const [asked, setAsked] = useState(value);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    // Not by this field, but by Back, say. What it has asked for itself may be behind what is typed by now.
    if (value !== asked) {
      setAsked(value);
      setText(value);
    }
  }
  const waiting = useRef<(() => void) | undefined>(undefined);
  // A search goes with the filters of its own moment, not with those of the last keystroke.
  const latest = useRef(onSearch);
  useEffect(() => {
    latest.current = onSearch;
  });
  useEffect(() => () => waiting.current?.(), []);
  const search = (typed: string): void => {
    waiting.current?.();
    const wanted = typed.trim();
    setAsked(wanted);
    latest.current(wanted);
  };
  const type = (typed: string, isSearch = true): void => {
    setText(typed);
    waiting.current?.();
    if (isSearch) waiting.current = after(typingMs, () => search(typed));
  };
  return { text, type, search };
}
