import { Button, Menu, Stack, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { IconUsers } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { api, client, type Schema } from '../../api/client.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { isSomethingHeld } from '../../components/leave-guard.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { When } from '../../components/when.tsx';
import { tellOtherTabs } from '../../session/organization.ts';
import { useMayHere } from '../../session/use-may-here.ts';
import { mayAct, type Role, roles, sessionQuery, useSession } from '../../session/use-session.ts';
import { Invitations } from './invitations.tsx';

type Member = Schema<'Member'>;

/** The people of the organization. */
export function MembersPage(): ReactNode {
  const members = api.useQuery('get', '/api/v1/members');
  const mayChange = useMayHere('admin');
  const columns: Column<Member>[] = [
    { key: 'name', header: 'Name', cell: (member) => <Who member={member} /> },
    { key: 'role', header: 'Role', cell: ({ role }) => role },
    {
      key: 'factor',
      header: 'Second factor',
      cell: ({ two_factor_enabled: enabled }) => (enabled ? 'On' : 'Off'),
    },
    { key: 'joined', header: 'Joined', cell: (member) => <When at={member.joined_at} />, wideOnly: true },
    { key: 'actions', header: 'Change', align: 'right', cell: (member) => <Actions member={member} /> },
  ];
  return (
    <Page title="Members" description="A change of a role holds from the next thing somebody does.">
      <ProblemAlert error={members.error} onRetry={() => void members.refetch()} />
      <DataTable
        caption="Members"
        columns={columns}
        rows={members.data?.members}
        rowKey={({ id }) => id}
        empty={
          <EmptyState icon={IconUsers} title="Nobody has an account here yet">
            Work goes on with operator tokens. The first owner comes by the link that npm start -- setup-link
            prints.
          </EmptyState>
        }
      />
      {mayChange ? (
        <Stack>
          <Title order={2}>Invitations</Title>
          <Invitations />
        </Stack>
      ) : null}
    </Page>
  );
}

function Who({ member }: { readonly member: Member }): ReactNode {
  const { principal } = useSession();
  return (
    <>
      <Text fw={600}>{member.id === principal.id ? `${member.name} (you)` : member.name}</Text>
      <Text size="sm" c="dimmed">
        {member.email}
      </Text>
    </>
  );
}

function Actions({ member }: { readonly member: Member }): ReactNode {
  const { principal, role: own } = useSession();
  const [asked, setAsked] = useState<Role | 'remove' | undefined>(undefined);
  const isSelf = member.id === principal.id;
  const mayManage = mayAct(own, 'admin') && mayAct(own, member.role);
  if (!isSelf && !mayManage) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="compact-sm" variant="default" aria-label={`Change ${member.name}`}>
            Change
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {mayManage
            ? roles
                .filter((role) => role !== member.role && mayAct(own, role))
                .map((role) => (
                  <Menu.Item key={role} onClick={() => setAsked(role)}>
                    Make {role}
                  </Menu.Item>
                ))
            : null}
          <Menu.Item color="red" onClick={() => setAsked('remove')}>
            {isSelf ? 'Leave' : 'Remove'}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Question member={member} asked={asked} isSelf={isSelf} onClose={() => setAsked(undefined)} />
    </>
  );
}

interface QuestionProps {
  readonly member: Member;
  readonly asked: Role | 'remove' | undefined;
  readonly isSelf: boolean;
  readonly onClose: () => void;
}

function Question({ asked, isSelf, member, onClose }: QuestionProps): ReactNode {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ['get', '/api/v1/members'] });
  const path = { id: member.id };
  const act = async (): Promise<void> => {
    if (asked === 'remove' && isSelf) {
      await client.DELETE('/api/v1/organization/membership');
      tellOtherTabs();
      await navigate({ to: '/sign-in', ignoreBlocker: true });
      return;
    }
    if (asked === 'remove') await client.DELETE('/api/v1/members/{id}', { params: { path } });
    else if (asked !== undefined)
      await client.PUT('/api/v1/members/{id}', { params: { path }, body: { role: asked } });
    await refresh();
    // What the role may do is shown to whoever has it.
    if (isSelf) await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
  };
  const removing = asked === 'remove';
  const name = isSelf ? 'the organization' : member.name;
  const title = removing ? `${isSelf ? 'Leave' : 'Remove'} ${name}?` : `Make ${member.name} ${asked ?? ''}?`;
  const consequence = isSelf ? 'You are signed out here' : `${member.name} is signed out here`;
  return (
    <ConfirmDialog
      opened={asked !== undefined}
      onClose={onClose}
      title={title}
      confirm={removing ? (isSelf ? 'Leave' : 'Remove') : 'Change the role'}
      danger={removing}
      onConfirm={act}
    >
      {removing && isSelf && isSomethingHeld()
        ? 'What this page shows once was not copied here; it will be gone. '
        : null}
      {removing
        ? `${consequence} now; open invitations and operator tokens made by this account stop working. Devices and codes stay.`
        : 'It holds from the next thing that they do.'}
    </ConfirmDialog>
  );
}
