import { TextInput, type TextInputProps } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { after } from '../platform.ts';

/** Whoever types is not done yet. */
const typingMs = 300;
/** What the addresses of the pages keep of it. */
const lengthMax = 128;

export interface SearchInputProps {
  readonly label: string;
  readonly placeholder?: string;
  /** How wide it is. */
  readonly w?: TextInputProps['w'];
  /** What is searched for now. */
  readonly value: string;
  /** Called once the typing has paused, and for Enter at once. */
  readonly onSearch: (text: string) => void;
}

/** A field whose text becomes a search once the typing pauses, and which follows a search that is changed elsewhere. */
export function SearchInput({ label, onSearch, placeholder, value, w }: SearchInputProps): ReactNode {
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
  return (
    <TextInput
      label={label}
      placeholder={placeholder ?? ''}
      type="search"
      maxLength={lengthMax}
      leftSection={<IconSearch size={16} aria-hidden />}
      {...(w === undefined ? {} : { w })}
      value={text}
      onChange={({ currentTarget: { value: typed } }) => {
        setText(typed);
        waiting.current?.();
        waiting.current = after(typingMs, () => search(typed));
      }}
      onKeyDown={({ key }) => {
        if (key === 'Enter') search(text);
      }}
    />
  );
}
