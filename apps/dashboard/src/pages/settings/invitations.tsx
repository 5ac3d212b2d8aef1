import { Alert, Button, Group, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconMail } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { DoneButton, Secret, ShownOnceGuard } from '../../components/shown-once.tsx';
import { type ShownOnce, type ShownOnceList, useShownOnce } from '../../components/use-shown-once.ts';
import { When } from '../../components/when.tsx';
import type { Role } from '../../session/use-session.ts';
import { RoleSelect } from './role-select.tsx';

type Invitation = Schema<'Invitation'>;
type Created = Schema<'CreatedInvitation'>;
const invitationsKey = ['get', '/api/v1/invitations'];

/** How people come here. */
export function Invitations(): ReactNode {
  const invitations = api.useQuery('get', '/api/v1/invitations');
  const columns: Column<Invitation>[] = [
    { key: 'email', header: 'For', cell: ({ email }) => email },
    { key: 'role', header: 'Role', cell: ({ role }) => role },
    { key: 'by', header: 'By', cell: ({ invited_by: by }) => by, wideOnly: true },
    { key: 'until', header: 'Ends', cell: ({ expires_at: at }) => <When at={at} /> },
    { key: 'revoke', header: 'Take back', align: 'right', cell: (one) => <Revoke invitation={one} /> },
  ];
  return (
    <Stack>
      <InviteForm />
      <ProblemAlert error={invitations.error} />
      <DataTable
        caption="Open invitations"
        columns={columns}
        rows={invitations.data?.invitations}
        rowKey={({ id }) => id}
        skeletons={2}
        empty={
          <EmptyState icon={IconMail} title="No invitation is open">
            Invite somebody by their e-mail address; the link works once, for seven days.
          </EmptyState>
        }
      />
    </Stack>
  );
}

function InviteForm(): ReactNode {
  const queries = useQueryClient();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('operator');
  const links = useShownOnce<Created>();
  const invite = api.useMutation('post', '/api/v1/invitations', {
    onSuccess: async (created) => {
      links.show(created, created.by_email);
      setEmail('');
      await queries.invalidateQueries({ queryKey: invitationsKey });
    },
  });
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        invite.mutate({ body: { email, role } });
      }}
    >
      <Stack maw={560}>
        <TextInput
          label="E-mail address"
          type="email"
          value={email}
          onChange={(typed) => setEmail(typed.currentTarget.value)}
          error={fieldProblems(invite.error)['email']}
          autoComplete="off"
          required
        />
        <RoleSelect label="Role" value={role} onChange={setRole} />
        <ProblemAlert error={invite.error} />
        {links.all.map((one) => (
          <Made key={one.key} one={one} links={links} />
        ))}
        <ShownOnceGuard holds={links.holds(invite.isPending)} />
        <Group>
          <Button type="submit" variant="default" loading={invite.isPending}>
            Invite
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface MadeProps {
  readonly one: ShownOnce<Created>;
  readonly links: ShownOnceList<Created>;
}

function Made({ links, one: { key, made, taken } }: MadeProps): ReactNode {
  return (
    <Alert title={`The link for ${made.invitation.email}, shown this once`} color="petrol" role="status">
      <Secret text={made.link} label="Copy the invitation link" onTaken={() => links.take(key)}>
        <DoneButton taken={taken} onDone={() => links.drop(key)} />
      </Secret>
      <Text size="sm" mt="xs">
        {made.by_email ? 'It is on its way by e-mail too.' : 'Send it to them; this cloud sends no e-mail.'}
      </Text>
    </Alert>
  );
}

function Revoke({ invitation }: { readonly invitation: Invitation }): ReactNode {
  const queries = useQueryClient();
  const revoke = api.useMutation('delete', '/api/v1/invitations/{id}', {
    onSettled: () => queries.invalidateQueries({ queryKey: invitationsKey }),
  });
  return (
    <>
      <ProblemAlert error={revoke.error} />
      <Button
        size="compact-sm"
        variant="default"
        loading={revoke.isPending}
        aria-label={`Take back the invitation of ${invitation.email}`}
        onClick={() => revoke.mutate({ params: { path: { id: invitation.id } } })}
      >
        Take back
      </Button>
    </>
  );
}
