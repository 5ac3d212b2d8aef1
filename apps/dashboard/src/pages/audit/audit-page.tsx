import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { keepPreviousData } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { IconClipboardList, IconDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { SearchInput } from '../../components/search-input.tsx';
import { StatusBadge } from '../../components/status-badge.tsx';
import { When } from '../../components/when.tsx';
import { TextLink } from '../../components/text-link.tsx';
import { DayInput } from './day-input.tsx';
import { type AuditSearch, filtersOf } from './search.ts';
import { actions, kindInWords, sentenceOf } from './sentences.ts';

type Entry = Schema<'AuditEntry'>;

const route = getRouteApi('/signed-in/audit-log');
const limit = 50;

/** Who or what did what, to what, from where, and how it ended. */
export function AuditPage(): ReactNode {
  const search = route.useSearch();
  const navigate = useNavigate();
  const filters = filtersOf(search);
  const query = api.useQuery(
    'get',
    '/api/v1/audit-log',
    {
      params: {
        query: { ...filters, limit, ...(search.offset === undefined ? {} : { offset: search.offset }) },
      },
    },
    { placeholderData: keepPreviousData },
  );
  const go = (change: AuditSearch): void => void navigate({ to: '/audit-log', search: change });
  const { data } = query;
  return (
    <Page
      title="Audit log"
      description="Everything that was done, and what was refused. Nothing here can be changed."
      actions={<Export filters={filters} />}
    >
      <Filters search={search} onChange={go} />
      <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
      {query.error !== null && data === undefined ? null : (
        <DataTable
          caption="Audit log"
          columns={columns}
          rows={data?.entries}
          rowKey={({ id }) => id}
          stale={query.isPlaceholderData}
          empty={
            <EmptyState icon={IconClipboardList} title="Nothing recorded">
              Nothing matches these filters. Whatever changes a code, a device or a setting is recorded here.
            </EmptyState>
          }
        />
      )}
      {data === undefined ? null : (
        <Pager
          total={data.total}
          isExact={data.total_is_exact}
          shown={data.entries.length}
          limit={limit}
          offset={data.offset}
          noun="entries"
          onOffset={(offset) => go({ ...search, offset })}
        />
      )}
    </Page>
  );
}

function Export({ filters }: { readonly filters: Record<string, string> }): ReactNode {
  const query = new URLSearchParams(filters).toString();
  return (
    <Button
      component="a"
      href={`/api/v1/audit-log/csv${query === '' ? '' : `?${query}`}`}
      download="audit-log.csv"
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
    >
      Export CSV
    </Button>
  );
}

interface FiltersProps {
  readonly search: AuditSearch;
  readonly onChange: (change: AuditSearch) => void;
}

/** A changed filter begins at the first page again. */
function Filters({ search, onChange }: FiltersProps): ReactNode {
  const change = (name: keyof AuditSearch, value: string | null): void => {
    const { offset: _, [name]: __, ...kept } = search;
    onChange(value === null || value === '' ? kept : { ...kept, [name]: value });
  };
  return (
    <Group gap="sm" align="flex-end">
      <Select
        label="Action"
        placeholder="Any"
        clearable
        searchable
        clearButtonProps={{ 'aria-label': 'Any action' }}
        data={actions}
        value={search.action ?? null}
        onChange={(value) => change('action', value)}
      />
      <Select
        label="Outcome"
        placeholder="Any"
        clearable
        clearButtonProps={{ 'aria-label': 'Any outcome' }}
        data={[
          { value: 'success', label: 'Success' },
          { value: 'failure', label: 'Failure' },
        ]}
        value={search.outcome ?? null}
        onChange={(value) => change('outcome', value)}
      />
      <SearchInput label="Who (id)" value={search.actor ?? ''} onSearch={(value) => change('actor', value)} />
      <SearchInput
        label="What (id)"
        value={search.object ?? ''}
        onSearch={(value) => change('object', value)}
      />
      <DayInput label="From" value={search.from ?? ''} onChange={(day) => change('from', day)} />
      <DayInput label="To" value={search.to ?? ''} onChange={(day) => change('to', day)} />
    </Group>
  );
}

const columns: readonly Column<Entry>[] = [
  { key: 'at', header: 'When', cell: ({ at }) => <When at={at} as="exact" /> },
  { key: 'what', header: 'What', cell: (entry) => <Sentence entry={entry} /> },
  { key: 'from', header: 'From', cell: ({ address }) => address ?? '–', wideOnly: true },
  {
    key: 'outcome',
    header: 'Outcome',
    cell: ({ outcome }) => (
      <StatusBadge tone={outcome === 'success' ? 'good' : 'bad'}>
        {outcome === 'success' ? 'Success' : 'Refused'}
      </StatusBadge>
    ),
  },
];

function Sentence({ entry }: { readonly entry: Entry }): ReactNode {
  const { action, actor, detail, object, outcome, reason } = entry;
  const nextStep = detail['next_step'];
  const [before = '', after] = sentenceOf(action, outcome).split('…');
  return (
    <Stack gap={0}>
      <Text size="sm" component="div">
        <Actor actor={actor} /> {before}
        {after === undefined || object === null ? null : <Thing entry={entry} object={object} />}
      </Text>
      {reason === null ? null : (
        <Text size="xs" c="dimmed">
          {reason}
          {typeof nextStep === 'string' ? `: ${nextStep}` : ''}
        </Text>
      )}
    </Stack>
  );
}

function Actor({ actor }: { readonly actor: Entry['actor'] }): ReactNode {
  if (actor.kind === 'anonymous') return 'Somebody unknown';
  if (actor.kind === 'system') return 'The cloud';
  return (
    <TextLink to="/audit-log" search={{ actor: actor.id }} size="sm">
      {actor.name ?? actor.id}
    </TextLink>
  );
}

interface ThingProps {
  readonly entry: Entry;
  readonly object: NonNullable<Entry['object']>;
}

function Thing({ entry: { actor, detail }, object }: ThingProps): ReactNode {
  if (object.kind === 'user' && object.id === actor.id) return 'their own account';
  // What has no name of its own, or has it no more, had one when it happened.
  const then = ['name', 'email', 'group']
    .map((member) => detail[member])
    .find((one) => typeof one === 'string');
  const label = object.name ?? (typeof then === 'string' ? then : object.id);
  return (
    <>
      {kindInWords(object.kind)}{' '}
      {object.kind === 'device' ? (
        <TextLink to="/devices/$deviceId" params={{ deviceId: object.id }} size="sm">
          {label}
        </TextLink>
      ) : (
        <TextLink to="/audit-log" search={{ object: object.id }} size="sm">
          {label}
        </TextLink>
      )}
    </>
  );
}
