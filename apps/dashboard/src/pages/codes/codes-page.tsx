import { Button, Group, Pill, Select } from '@mantine/core';
import { keepPreviousData, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { IconPlus, IconTicket } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { api, client } from '../../api/client.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { SearchInput } from '../../components/search-input.tsx';
import { useLiveEvents } from '../../live/live.tsx';
import { useMay } from '../../session/use-session.ts';
import { addDeviceAddress } from '../../shell/navigation.ts';
import { useSoon } from '../../live/use-soon.ts';
import { type Code, codeColumns } from './columns.tsx';
import { type CodesSearch, isStatus } from './search.ts';

const route = getRouteApi('/signed-in/codes');
const limit = 50;
const listKey = ['get', '/api/v1/provisioning-codes'];

/** Every code: its state, who made it, what used it, when, from where, and what it refused. */
export function CodesPage(): ReactNode {
  const search = route.useSearch();
  const navigate = useNavigate();
  const mayMake = useMay('operator');
  const [revoking, setRevoking] = useState<Code | undefined>(undefined);
  const query = api.useQuery(
    'get',
    '/api/v1/provisioning-codes',
    { params: { query: { ...search, limit } } },
    { placeholderData: keepPreviousData },
  );
  const queries = useQueryClient();
  const look = useSoon(() => void queries.invalidateQueries({ queryKey: listKey }));
  useLiveEvents(['code.', 'device.provisioned'], look);
  const go = (change: CodesSearch): void => void navigate({ to: '/codes', search: change });
  const { data } = query;
  return (
    <Page
      title="Codes"
      description="A code turns one board into one device. Its text is shown only where it is made."
      actions={mayMake ? <NewCode /> : null}
    >
      <Filters search={search} onChange={go} />
      <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
      {query.error !== null && data === undefined ? null : (
        <DataTable
          caption="Provisioning codes"
          columns={codeColumns(mayMake ? setRevoking : undefined)}
          rows={data?.codes}
          rowKey={({ id }) => id}
          stale={query.isPlaceholderData}
          empty={<Empty isFiltered={Object.keys(search).length > 0} />}
        />
      )}
      {data === undefined ? null : (
        <Pager
          total={data.total}
          isExact={data.total_is_exact}
          shown={data.codes.length}
          limit={limit}
          offset={data.offset}
          noun="codes"
          onOffset={(offset) => go({ ...search, offset })}
        />
      )}
      <ConfirmDialog
        opened={revoking !== undefined}
        onClose={() => setRevoking(undefined)}
        title="Revoke this code?"
        confirm="Revoke"
        danger
        onConfirm={async () => {
          const { id = '' } = revoking ?? {};
          await client.DELETE('/api/v1/provisioning-codes/{id}', { params: { path: { id } } });
          await queries.invalidateQueries({ queryKey: listKey });
        }}
      >
        Nobody can register a device with it any more. No device that is registered is affected.
      </ConfirmDialog>
    </Page>
  );
}

function NewCode(): ReactNode {
  return (
    <Button component={Link} to={addDeviceAddress} leftSection={<IconPlus size={16} aria-hidden />}>
      New code
    </Button>
  );
}

function Empty({ isFiltered }: { readonly isFiltered: boolean }): ReactNode {
  if (!isFiltered) {
    return (
      <EmptyState icon={IconTicket} title="No codes yet">
        Every code that is made appears here, with what became of it.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={IconTicket} title="No such codes">
      Nothing matches. A search matches the beginnings of words of a code’s name and of its device’s.
    </EmptyState>
  );
}

interface FiltersProps {
  readonly search: CodesSearch;
  readonly onChange: (change: CodesSearch) => void;
}

/** A changed filter begins at the first page again. */
function Filters({ search, onChange }: FiltersProps): ReactNode {
  const { batch, created_by: maker, q, status } = search;
  const change = (members: {
    readonly [Name in keyof CodesSearch]: CodesSearch[Name] | undefined;
  }): void => {
    const { offset: _, ...kept } = search;
    const wanted = Object.entries({ ...kept, ...members }).filter(([, value]) => value !== undefined);
    onChange(Object.fromEntries(wanted));
  };
  return (
    <Group gap="sm" align="flex-end">
      <SearchInput
        label="Search"
        placeholder="Name or device"
        value={q ?? ''}
        onSearch={(text) => change({ q: text === '' ? undefined : text })}
      />
      <Select
        label="State"
        placeholder="Any"
        clearable
        clearButtonProps={{ 'aria-label': 'Any state' }}
        data={[
          { value: 'active', label: 'Active' },
          { value: 'used', label: 'Used' },
          { value: 'expired', label: 'Expired' },
          { value: 'revoked', label: 'Revoked' },
        ]}
        value={status ?? null}
        onChange={(chosen) => change({ status: isStatus(chosen) ? chosen : undefined })}
      />
      {batch === undefined ? null : (
        <Pill
          size="lg"
          withRemoveButton
          removeButtonProps={{ 'aria-label': 'Codes of any batch', 'aria-hidden': false, tabIndex: 0 }}
          onRemove={() => change({ batch: undefined })}
        >
          of {batch}
        </Pill>
      )}
      {maker === undefined ? null : (
        <Pill
          size="lg"
          withRemoveButton
          removeButtonProps={{ 'aria-label': 'Codes of anybody', 'aria-hidden': false, tabIndex: 0 }}
          onRemove={() => change({ created_by: undefined })}
        >
          made by {maker}
        </Pill>
      )}
    </Group>
  );
}
