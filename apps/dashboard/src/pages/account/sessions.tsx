import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { When } from '../../components/when.tsx';
import { useSignOut } from '../../session/use-sign-out.tsx';
import { browserOf } from './browser-name.ts';
import { Section } from './section.tsx';

const sessionsKey = ['get', '/api/v1/account/sessions'];

/** Where the person is signed in. */
export function Sessions(): ReactNode {
  const queries = useQueryClient();
  const sessions = api.useQuery('get', '/api/v1/account/sessions');
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: sessionsKey });
  const others = api.useMutation('delete', '/api/v1/account/sessions', { onSuccess: refresh });
  const list = sessions.data?.sessions ?? [];
  return (
    <Section title="Where you are signed in">
      <ProblemAlert error={sessions.error ?? others.error} />
      <Stack gap="sm" component="ul" m={0} p={0}>
        {list.map((session) => (
          <Entry key={session.id} session={session} onEnded={refresh} />
        ))}
      </Stack>
      <Group>
        <SignOut />
        <Button variant="default" loading={others.isPending} onClick={() => others.mutate({})}>
          Sign out everywhere else
        </Button>
      </Group>
    </Section>
  );
}

interface EntryProps {
  readonly session: Schema<'AccountSession'>;
  readonly onEnded: () => Promise<void>;
}

function Entry({ onEnded, session }: EntryProps): ReactNode {
  const end = api.useMutation('delete', '/api/v1/account/sessions/{id}', { onSuccess: onEnded });
  const name = browserOf(session.user_agent);
  return (
    <Group component="li" justify="space-between" wrap="nowrap" style={{ listStyle: 'none' }}>
      <div>
        <Group gap="xs">
          <Text fw={600}>{name}</Text>
          {session.current ? <Badge variant="outline">This one</Badge> : null}
        </Group>
        <Text size="sm" c="dimmed">
          {session.address ?? 'unknown address'} · last used <When at={session.last_used_at} />
        </Text>
        <ProblemAlert error={end.error} />
      </div>
      {session.current ? null : (
        <Button
          size="compact-sm"
          variant="default"
          loading={end.isPending}
          aria-label={`Sign out ${name}, ${session.address ?? ''}`}
          onClick={() => end.mutate({ params: { path: { id: session.id } } })}
        >
          Sign out
        </Button>
      )}
    </Group>
  );
}

function SignOut(): ReactNode {
  const { isPending, question, signOut } = useSignOut();
  return (
    <>
      <Button variant="default" loading={isPending} onClick={signOut}>
        Sign out
      </Button>
      {question}
    </>
  );
}
