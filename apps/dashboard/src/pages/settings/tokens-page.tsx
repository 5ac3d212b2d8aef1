import { Alert, Button, Group, NumberInput, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconKey } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { api, client, type Schema } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { DoneButton, Secret, ShownOnceGuard } from '../../components/shown-once.tsx';
import { useShownOnce } from '../../components/use-shown-once.ts';
import { When } from '../../components/when.tsx';
import { useMayHere } from '../../session/use-may-here.ts';
import { mayAct, type Role, useSession } from '../../session/use-session.ts';
import { RoleSelect } from './role-select.tsx';

type Token = Schema<'Token'>;
const tokensKey = ['get', '/api/v1/tokens'];

/** What programs call the API with. */
export function TokensPage(): ReactNode {
  const may = useMayHere('admin');
  return (
    <Page
      title="Operator tokens"
      description="For programs and scripts: X-API-Key, or Authorization: Bearer. Only a hash of each is kept."
    >
      {may ? <Tokens /> : <Text c="dimmed">Administrators see and make operator tokens.</Text>}
    </Page>
  );
}

function Tokens(): ReactNode {
  const tokens = api.useQuery('get', '/api/v1/tokens');
  const columns: Column<Token>[] = [
    { key: 'name', header: 'Name', cell: ({ name }) => name },
    { key: 'role', header: 'May do as', cell: ({ role }) => role },
    { key: 'by', header: 'Made by', cell: ({ created_by: by }) => by ?? 'the command line', wideOnly: true },
    { key: 'used', header: 'Last used', cell: (token) => <When at={token.last_used_at} missing="never" /> },
    { key: 'ends', header: 'Ends', cell: (token) => <When at={token.expires_at} missing="never" /> },
    { key: 'revoke', header: 'Revoke', align: 'right', cell: (token) => <Revoke token={token} /> },
  ];
  return (
    <Stack>
      <TokenForm />
      <ProblemAlert error={tokens.error} onRetry={() => void tokens.refetch()} />
      <DataTable
        caption="Operator tokens"
        columns={columns}
        rows={tokens.data?.tokens}
        rowKey={({ id }) => id}
        skeletons={3}
        empty={
          <EmptyState icon={IconKey} title="No program has a token">
            Make one a program, with the least role that will do, so that each can be revoked alone.
          </EmptyState>
        }
      />
    </Stack>
  );
}

function TokenForm(): ReactNode {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [days, setDays] = useState<number | string>(90);
  const made = useShownOnce<Schema<'CreatedToken'>>();
  const create = api.useMutation('post', '/api/v1/tokens', {
    onSuccess: async (one) => {
      made.show(one);
      setName('');
      await queries.invalidateQueries({ queryKey: tokensKey });
    },
  });
  const problems = fieldProblems(create.error);
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        const life = days === '' ? {} : { ttl_days: Number(days) };
        create.mutate({ body: { name, role, ...life } });
      }}
    >
      <Stack maw={560}>
        <TextInput
          label="What it is for"
          value={name}
          onChange={(typed) => setName(typed.currentTarget.value)}
          error={problems['name']}
          autoComplete="off"
          required
        />
        <RoleSelect label="May do as" value={role} onChange={setRole} />
        <NumberInput
          label="Valid for (days)"
          description="Left empty, it does not end."
          value={days}
          onChange={setDays}
          min={1}
          max={3650}
          allowDecimal={false}
          error={problems['ttl_days']}
          hideControls
        />
        <ProblemAlert error={create.error} />
        {made.all.map(({ key, made: { details, token }, taken }) => (
          <Alert key={key} title={`${details.name}: shown this once`} color="petrol" role="status">
            <Secret text={token} label="Copy the token" onTaken={() => made.take(key)}>
              <DoneButton taken={taken} onDone={() => made.drop(key)} />
            </Secret>
          </Alert>
        ))}
        <ShownOnceGuard holds={made.holds(create.isPending)} />
        <Group>
          <Button type="submit" variant="default" loading={create.isPending}>
            Make a token
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Revoke({ token }: { readonly token: Token }): ReactNode {
  const { role: own } = useSession();
  const queries = useQueryClient();
  const [asked, setAsked] = useState(false);
  if (!mayAct(own, token.role)) return null;
  const act = async (): Promise<void> => {
    await client.DELETE('/api/v1/tokens/{id}', { params: { path: { id: token.id } } });
    await queries.invalidateQueries({ queryKey: tokensKey });
  };
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Revoke ${token.name}`}
        onClick={() => setAsked(true)}
      >
        Revoke
      </Button>
      <ConfirmDialog
        opened={asked}
        onClose={() => setAsked(false)}
        title={`Revoke ${token.name}?`}
        confirm="Revoke"
        danger
        onConfirm={act}
      >
        Programs that use it are refused from their next call on.
      </ConfirmDialog>
    </>
  );
}
