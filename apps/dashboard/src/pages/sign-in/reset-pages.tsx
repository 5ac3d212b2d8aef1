import { Alert, Button, Code, Stack, Text, TextInput } from '@mantine/core';
import { useLocation } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { api } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { Entrance, Refusal } from './entrance.tsx';
import { NewPassword } from './new-password.tsx';
import { TextLink } from '../../components/text-link.tsx';

export function ForgottenPage(): ReactNode {
  const [email, setEmail] = useState('');
  const ask = api.useMutation('post', '/api/v1/password-resets');
  return (
    <Entrance title="Forgotten password" description="We send you a link to set a new one.">
      {ask.data === undefined ? (
        <form
          onSubmit={(submit) => {
            submit.preventDefault();
            ask.mutate({ body: { email } });
          }}
        >
          <Stack>
            <TextInput
              label="E-mail address"
              type="email"
              value={email}
              onChange={(change) => setEmail(change.currentTarget.value)}
              error={fieldProblems(ask.error)['email']}
              autoComplete="username"
              required
            />
            <Refusal error={ask.error} />
            <Button type="submit" loading={ask.isPending}>
              Send a link
            </Button>
            <BackToSignIn />
          </Stack>
        </form>
      ) : (
        <Stack>
          {ask.data.by_email ? <Sent /> : <NoMail />}
          <BackToSignIn />
        </Stack>
      )}
    </Entrance>
  );
}

function Sent(): ReactNode {
  return (
    <Alert title="Look into your mail" color="petrol" role="status">
      If somebody with this address has an account, a link is on its way. It works once, for one hour.
    </Alert>
  );
}

function NoMail(): ReactNode {
  return (
    <Alert title="This cloud sends no e-mail" color="petrol" role="status">
      <Text size="sm">Whoever runs it can print a link for you:</Text>
      <Code block mt="xs">
        npm start -- reset-password --email ADDRESS
      </Code>
    </Alert>
  );
}

export function ResetPage(): ReactNode {
  const { hash: secret } = useLocation();
  const [password, setPassword] = useState('');
  const reset = api.useMutation('put', '/api/v1/password-resets');
  return (
    <Entrance
      title="Set a new password"
      description="You are signed out everywhere; then you sign in with it."
    >
      {reset.isSuccess ? (
        <Alert title="Your password is set" color="petrol" role="status">
          <BackToSignIn />
        </Alert>
      ) : (
        <form
          onSubmit={(submit) => {
            submit.preventDefault();
            reset.mutate({ body: { secret, new_password: password } });
          }}
        >
          <Stack>
            <NewPassword
              label="New password"
              value={password}
              onChange={setPassword}
              error={fieldProblems(reset.error)['new_password']}
            />
            <Refusal error={reset.error} />
            <Button type="submit" loading={reset.isPending}>
              Set the password
            </Button>
          </Stack>
        </form>
      )}
    </Entrance>
  );
}

function BackToSignIn(): ReactNode {
  return (
    <TextLink to="/sign-in" size="sm">
      To the sign-in
    </TextLink>
  );
}
