import { TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTyped } from '../../components/use-typed.ts';

export interface DayInputProps {
  readonly label: string;
  /** A day as `2026-02-21`; empty for none. */
  readonly value: string;
  readonly onChange: (day: string) => void;
}

/** A day. What is typed of a year is a year too for a browser, and is waited out: there is nothing of the year 202. */
export function DayInput({ label, onChange, value }: DayInputProps): ReactNode {
  const { search, text, type } = useTyped(value, onChange);
  return (
    <TextInput
      type="date"
      label={label}
      value={text}
      onChange={({ currentTarget }) => type(currentTarget.value, isWhole(currentTarget.value))}
      onKeyDown={({ key }) => {
        if (key === 'Enter' && isWhole(text)) search(text);
      }}
    />
  );
}

function isWhole(day: string): boolean {
  return day === '' || day >= '1970';
}
