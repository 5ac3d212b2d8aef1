import { Alert, Button, Code, Stack, Text, TextInput } from '@mantine/core';
import { useLocation } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { api } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { Entrance, Refusal } from './entrance.tsx';
import { NewPassword } from './new-password.tsx';
import { useEntry } from './use-entry.ts';
import { TextLink } from '../../components/text-link.tsx';

/** Where the link leads that the cloud prints at its first start. */
export function SetupPage(): ReactNode {
  const { hash: secret } = useLocation();
  return (
    <Entrance
      title="Set up this cloud"
      description="You become its owner: you invite the others, and decide what they may do."
    >
      {secret === '' ? <LinkMissing /> : <OwnerForm secret={secret} />}
    </Entrance>
  );
}

function LinkMissing(): ReactNode {
  const { data } = api.useQuery('get', '/api/v1/setup');
  if (data?.state === 'complete') {
    return (
      <Alert title="This cloud has an owner" color="petrol">
        <TextLink to="/sign-in">Sign in</TextLink>, or ask an owner for an invitation.
      </Alert>
    );
  }
  return (
    <Alert title="Open the link that the cloud has printed" color="petrol">
      <Text size="sm">
        It ends with a secret after <Code>#</Code>, works once and for one hour. Print a fresh one where the
        cloud runs:
      </Text>
      <Code block mt="xs">
        npm start -- setup-link
      </Code>
    </Alert>
  );
}

function OwnerForm({ secret }: { readonly secret: string }): ReactNode {
  const enter = useEntry();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [organization, setOrganization] = useState('');
  const setup = api.useMutation('post', '/api/v1/setup', { onSuccess: () => enter() });
  const problems = fieldProblems(setup.error);
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        const named = organization.trim() === '' ? {} : { organization_name: organization };
        setup.mutate({ body: { secret, name, email, password, ...named } });
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
        <TextInput
          label="E-mail address"
          type="email"
          value={email}
          onChange={(change) => setEmail(change.currentTarget.value)}
          error={problems['email']}
          autoComplete="username"
          required
        />
        <NewPassword value={password} onChange={setPassword} error={problems['password']} />
        <TextInput
          label="Organization (optional)"
          description="Whose devices these are. You can change it later."
          value={organization}
          onChange={(change) => setOrganization(change.currentTarget.value)}
          error={problems['organization_name']}
          autoComplete="organization"
        />
        <Refusal error={setup.error} />
        <Button type="submit" loading={setup.isPending}>
          Become the owner
        </Button>
      </Stack>
    </form>
  );
}
