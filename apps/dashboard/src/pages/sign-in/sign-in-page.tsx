import { Alert, Anchor, Button, Code, PasswordInput, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { getRouteApi, useLocation } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { api } from '../../api/client.ts';
import { Entrance, Refusal } from './entrance.tsx';
import { SecondFactor } from './second-factor.tsx';
import { useEntry } from './use-entry.ts';
import { TextLink } from '../../components/text-link.tsx';

const route = getRouteApi('/sign-in');

export function SignInPage(): ReactNode {
  const { to } = route.useSearch();
  const { hash } = useLocation();
  const enter = useEntry();
  const [challenge, setChallenge] = useState<string | undefined>(undefined);
  if (hash !== '') return <ByLink secret={hash} onEntered={() => enter(to)} />;
  return (
    <Entrance
      title="Sign in"
      description={
        to === undefined
          ? undefined
          : 'You are not signed in, or no longer. Afterwards you are back where you were.'
      }
    >
      {challenge === undefined ? (
        <Password onEntered={() => enter(to)} onChallenge={setChallenge} />
      ) : (
        <SecondFactor
          challenge={challenge}
          onEntered={() => enter(to)}
          onBack={() => setChallenge(undefined)}
        />
      )}
    </Entrance>
  );
}

interface PasswordProps {
  readonly onEntered: () => void;
  readonly onChallenge: (challenge: string) => void;
}

function Password({ onChallenge, onEntered }: PasswordProps): ReactNode {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = api.useMutation('post', '/api/v1/session', {
    onSuccess: (answer) => {
      if ('two_factor_required' in answer) onChallenge(answer.challenge);
      else onEntered();
    },
  });
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        signIn.mutate({ body: { email, password } });
      }}
    >
      <Stack>
        <OwnerMissing />
        <TextInput
          label="E-mail address"
          type="email"
          value={email}
          onChange={(change) => setEmail(change.currentTarget.value)}
          autoComplete="username"
          required
        />
        <PasswordInput
          label="Password"
          value={password}
          onChange={(change) => setPassword(change.currentTarget.value)}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
          required
        />
        <Refusal error={signIn.error} />
        <Button type="submit" loading={signIn.isPending}>
          Sign in
        </Button>
        <TextLink to="/forgotten-password" size="sm">
          Forgotten password?
        </TextLink>
      </Stack>
    </form>
  );
}

/** Nobody can sign in to a cloud without an owner. */
function OwnerMissing(): ReactNode {
  const { data } = api.useQuery('get', '/api/v1/setup');
  if (data?.state !== 'owner_missing') return null;
  return (
    <Alert title="This cloud has no owner yet" color="petrol">
      <Text size="sm">Open the link that it printed at its start, or print a fresh one where it runs:</Text>
      <Code block mt="xs">
        npm start -- setup-link
      </Code>
    </Alert>
  );
}

function ByLink({
  onEntered,
  secret,
}: {
  readonly secret: string;
  readonly onEntered: () => void;
}): ReactNode {
  const signIn = api.useMutation('post', '/api/v1/session/link', { onSuccess: onEntered });
  const { mutate } = signIn;
  const begun = useRef(false);
  useEffect(() => {
    // The link works once, however often this is drawn.
    if (begun.current) return;
    begun.current = true;
    mutate({ body: { secret } });
  }, [mutate, secret]);
  return (
    <Entrance title="Sign in" description="With the link that was printed for you.">
      {signIn.error === null ? (
        <Stack aria-busy="true">
          <Text role="status">Signing in</Text>
          <Skeleton height={36} />
        </Stack>
      ) : (
        <Stack>
          <Refusal error={signIn.error} />
          <Anchor href="/sign-in">Sign in with e-mail address and password</Anchor>
        </Stack>
      )}
    </Entrance>
  );
}
