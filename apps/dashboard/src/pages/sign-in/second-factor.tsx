import { Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { api } from '../../api/client.ts';
import { Refusal } from './entrance.tsx';

export interface SecondFactorProps {
  readonly challenge: string;
  readonly onEntered: () => void;
  readonly onBack: () => void;
}

/** The code of an authenticator, or one of the recovery codes. */
export function SecondFactor({ challenge, onBack, onEntered }: SecondFactorProps): ReactNode {
  const [recovering, setRecovering] = useState(false);
  const [code, setCode] = useState('');
  const verify = api.useMutation('post', '/api/v1/session/second-factor', { onSuccess: onEntered });
  const other = (): void => {
    setRecovering(!recovering);
    setCode('');
    verify.reset();
  };
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        verify.mutate({ body: { challenge, ...(recovering ? { recovery_code: code } : { code }) } });
      }}
    >
      <Stack>
        <Text role="status">Your password is right. One more step.</Text>
        <TextInput
          key={String(recovering)}
          label={recovering ? 'Recovery code' : 'Code of your authenticator'}
          description={
            recovering
              ? 'One of those that you were shown when you switched this on; each works once.'
              : 'Six digits.'
          }
          value={code}
          onChange={(change) => setCode(change.currentTarget.value)}
          inputMode={recovering ? 'text' : 'numeric'}
          autoComplete={recovering ? 'off' : 'one-time-code'}
          autoFocus
          required
        />
        <Refusal error={verify.error} />
        <Button type="submit" loading={verify.isPending}>
          Sign in
        </Button>
        <Anchor component="button" type="button" size="sm" onClick={other} ta="left">
          {recovering ? 'Use the authenticator' : 'Use a recovery code'}
        </Anchor>
        <Anchor component="button" type="button" size="sm" onClick={onBack} ta="left">
          Start again
        </Anchor>
      </Stack>
    </form>
  );
}
