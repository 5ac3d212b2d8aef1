import { PasswordInput } from '@mantine/core';
import type { ReactNode } from 'react';

export interface NewPasswordProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly label?: string;
  readonly error?: string | undefined;
}

/** A password that is chosen. Its length counts; a sentence is easier to keep than signs. */
export function NewPassword({ error, label = 'Password', onChange, value }: NewPasswordProps): ReactNode {
  return (
    <PasswordInput
      label={label}
      description="At least 12 characters. A few words that belong together only for you are good."
      value={value}
      onChange={(change) => onChange(change.currentTarget.value)}
      error={error}
      autoComplete="new-password"
      visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      required
    />
  );
}
