import { Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { Page } from '../../components/page.tsx';
import { sessionQuery, useSession } from '../../session/use-session.ts';
import { Refusal } from '../sign-in/entrance.tsx';
import { NewPassword } from '../sign-in/new-password.tsx';
import { Saved, Section } from './section.tsx';
import { Sessions } from './sessions.tsx';
import { TwoFactor } from './two-factor.tsx';

/** What is a person's own. */
export function AccountPage(): ReactNode {
  const { principal } = useSession();
  if (principal.kind === 'token') {
    return (
      <Page title="Your account">
        <Text>You work with an operator token, {principal.name}. Accounts belong to people who sign in.</Text>
      </Page>
    );
  }
  return (
    <Page title="Your account" description={principal.email}>
      <Stack gap="xl" maw={560}>
        <Name name={principal.name} />
        <Password email={principal.email ?? ''} />
        <TwoFactor />
        <Sessions />
      </Stack>
    </Page>
  );
}

function Name({ name: known }: { readonly name: string }): ReactNode {
  const queries = useQueryClient();
  const [name, setName] = useState(known);
  const change = api.useMutation('put', '/api/v1/account', {
    onSuccess: () => queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  });
  return (
    <Section title="Name">
      <form
        onSubmit={(submit) => {
          submit.preventDefault();
          change.mutate({ body: { name } });
        }}
      >
        <Stack>
          <TextInput
            label="Your name"
            description="Others see it in the audit log and the list of members."
            value={name}
            onChange={(typed) => setName(typed.currentTarget.value)}
            error={fieldProblems(change.error)['name']}
            autoComplete="name"
            required
          />
          <Refusal error={change.error} />
          <Saved shown={change.isSuccess} />
          <Group>
            <Button
              type="submit"
              variant="default"
              loading={change.isPending}
              disabled={name.trim() === known}
            >
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}

function Password({ email }: { readonly email: string }): ReactNode {
  const queries = useQueryClient();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = api.useMutation('put', '/api/v1/account/password', {
    onSuccess: () => {
      setCurrent('');
      setNext('');
      void queries.invalidateQueries({ queryKey: ['get', '/api/v1/account/sessions'] });
    },
  });
  return (
    <Section title="Password">
      <form
        onSubmit={(submit) => {
          submit.preventDefault();
          change.mutate({ body: { current_password: current, new_password: next } });
        }}
      >
        <Stack>
          <input type="hidden" name="username" autoComplete="username" value={email} readOnly />
          <PasswordInput
            label="Current password"
            value={current}
            onChange={(typed) => setCurrent(typed.currentTarget.value)}
            autoComplete="current-password"
            visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
            required
          />
          <NewPassword
            label="New password"
            value={next}
            onChange={setNext}
            error={fieldProblems(change.error)['new_password']}
          />
          <Refusal error={change.error} />
          <Saved shown={change.isSuccess}>The password is changed. You are signed out everywhere else.</Saved>
          <Group>
            <Button type="submit" variant="default" loading={change.isPending}>
              Change the password
            </Button>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
