import { TextInput, type TextInputProps } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTyped } from './use-typed.ts';

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
  const { search, text, type } = useTyped(value, onSearch);
  return (
    <TextInput
      label={label}
      placeholder={placeholder ?? ''}
      type="search"
      maxLength={lengthMax}
      leftSection={<IconSearch size={16} aria-hidden />}
      {...(w === undefined ? {} : { w })}
      value={text}
      onChange={({ currentTarget }) => type(currentTarget.value)}
      onKeyDown={({ key }) => {
        if (key === 'Enter') search(text);
      }}
    />
  );
}
