import { Anchor, Button, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { api, client, type Schema } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { When } from '../../components/when.tsx';
import { sessionQuery } from '../../session/use-session.ts';
import { signInAddress } from '../../shell/sign-in-address.ts';
import { Entrance, Refusal } from './entrance.tsx';
import { forgetInvitation, keepInvitation, keptInvitation } from './kept-invitation.ts';
import { NewPassword } from './new-password.tsx';
import { useEntry } from './use-entry.ts';

/** Where an invitation leads. */
export function InvitePage(): ReactNode {
  const { hash } = useLocation();
  const secret = hash === '' ? keptInvitation() : hash;
  const invitation = useQuery({
    queryKey: ['invitation', secret],
    queryFn: async () => {
      const { data } = await client.POST('/api/v1/invitations/read', { body: { secret } });
      if (data === undefined) throw new Error('the cloud answered without an invitation');
      return data;
    },
    staleTime: Infinity,
  });
  return (
    <Entrance title="You are invited">
      {invitation.error === null ? null : <Refusal error={invitation.error} />}
      {invitation.isPending ? <Skeleton height={120} /> : null}
      {invitation.data === undefined ? null : <Invitation secret={secret} invitation={invitation.data} />}
    </Entrance>
  );
}

interface InvitationProps {
  readonly secret: string;
  readonly invitation: Schema<'ShownInvitation'>;
}

function Invitation({ invitation, secret }: InvitationProps): ReactNode {
  const session = useQuery({ ...sessionQuery, retry: false });
  const signedIn = session.data?.principal.kind === 'user' ? session.data.principal : undefined;
  return (
    <Stack>
      <Text>
        {invitation.invited_by} invites {invitation.email} to <strong>{invitation.organization.name}</strong>{' '}
        as {invitation.role}. The invitation ends <When at={invitation.expires_at} />.
      </Text>
      {signedIn === undefined ? (
        <AsStranger invitation={invitation} secret={secret} />
      ) : (
        <AsPerson name={signedIn.email ?? signedIn.name} secret={secret} />
      )}
    </Stack>
  );
}

function AsPerson({ name, secret }: { readonly name: string; readonly secret: string }): ReactNode {
  const enter = useEntry();
  const join = api.useMutation('post', '/api/v1/invitations/join', {
    onSuccess: () => {
      forgetInvitation();
      enter();
    },
  });
  return (
    <Stack>
      <Text>You are signed in as {name}.</Text>
      <Refusal error={join.error} />
      <Button loading={join.isPending} onClick={() => join.mutate({ body: { secret } })}>
        Accept
      </Button>
    </Stack>
  );
}

function AsStranger({ invitation, secret }: InvitationProps): ReactNode {
  if (!invitation.account_exists) return <NewPerson secret={secret} />;
  return (
    <Stack>
      <Text>
        This address has an account. Sign in with it, and you are back here. If you have not made it, or do
        not know its password, set a new one by “Forgotten password?” first.
      </Text>
      <SignInFirst secret={secret} />
    </Stack>
  );
}

function NewPerson({ secret }: { readonly secret: string }): ReactNode {
  const enter = useEntry();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const accept = api.useMutation('post', '/api/v1/invitations/accept', { onSuccess: () => enter() });
  const problems = fieldProblems(accept.error);
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        accept.mutate({ body: { secret, name, password } });
      }}
    >
      <Stack>
        <TextInput
          label="Your name"
          value={name}
          onChange={(change) => setName(change.currentTarget.value)}
          error={problems['name']}
          autoComplete="name"
          required
        />
        <NewPassword value={password} onChange={setPassword} error={problems['password']} />
        <Refusal error={accept.error} />
        <Button type="submit" loading={accept.isPending}>
          Accept
        </Button>
        <SignInFirst secret={secret}>I have an account with another address</SignInFirst>
      </Stack>
    </form>
  );
}

function SignInFirst({ children = 'Sign in', secret }: SignInFirstProps): ReactNode {
  const navigate = useNavigate();
  return (
    <Anchor
      component="button"
      type="button"
      ta="left"
      onClick={() => {
        keepInvitation(secret);
        void navigate({ href: signInAddress('/invite') });
      }}
    >
      {children}
    </Anchor>
  );
}

interface SignInFirstProps {
  readonly secret: string;
  readonly children?: ReactNode;
}
