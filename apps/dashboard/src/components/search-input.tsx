import { TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { after } from '../platform.ts';

/** Whoever types is not done yet. */
const typingMs = 300;

export interface SearchInputProps {
  readonly label: string;
  readonly placeholder?: string;
  /** What is searched for now. */
  readonly value: string;
  /** Called once the typing has paused, and for Enter at once. */
  readonly onSearch: (text: string) => void;
}

/** A field whose text becomes a search once the typing pauses. */
export function SearchInput({ label, onSearch, placeholder, value }: SearchInputProps): ReactNode {
  const [text, setText] = useState(value);
  const waiting = useRef<(() => void) | undefined>(undefined);
  useEffect(() => () => waiting.current?.(), []);
  const later = (typed: string): void => {
    setText(typed);
    waiting.current?.();
    waiting.current = after(typingMs, () => onSearch(typed.trim()));
  };
  return (
    <TextInput
      label={label}
      placeholder={placeholder ?? ''}
      type="search"
      value={text}
      onChange={(change) => later(change.currentTarget.value)}
      onKeyDown={(key) => {
        if (key.key !== 'Enter') return;
        waiting.current?.();
        onSearch(text.trim());
      }}
    />
  );
}
