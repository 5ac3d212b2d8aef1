import { Button, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { IconCards, IconPlus } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { When } from '../../components/when.tsx';
import { useLiveEvents } from '../../live/live.tsx';
import { useMay } from '../../session/use-session.ts';
import { useSoon } from '../../live/use-soon.ts';
import { BatchStatusBadge } from './status.tsx';
import { TextLink } from '../../components/text-link.tsx';

type Batch = Schema<'Batch'>;

const route = getRouteApi('/signed-in/batches');
const limit = 25;
const number = new Intl.NumberFormat();

/** All batches, newest first. */
export function BatchesPage(): ReactNode {
  const { offset = 0 } = route.useSearch();
  const navigate = useNavigate();
  const mayMake = useMay('operator');
  const query = api.useQuery(
    'get',
    '/api/v1/batches',
    { params: { query: { limit, offset } } },
    { placeholderData: keepPreviousData },
  );
  const queries = useQueryClient();
  const look = useSoon(() => void queries.invalidateQueries({ queryKey: ['get', '/api/v1/batches'] }));
  useLiveEvents(['batch.', 'device.provisioned'], look);
  const { data } = query;
  return (
    <Page
      title="Batches"
      description="Codes for many devices at once: made from a number or from a table, printed as labels, watched as the fleet comes online."
      actions={mayMake ? <NewBatch /> : null}
    >
      <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
      {query.error !== null && data === undefined ? null : (
        <DataTable
          caption="Batches"
          columns={columns}
          rows={data?.batches}
          rowKey={({ id }) => id}
          stale={query.isPlaceholderData}
          empty={
            <EmptyState icon={IconCards} title="No batches yet" action={mayMake ? <NewBatch /> : null}>
              For more than a few devices: one code each, on label sheets or in .env files, ready before
              anybody is on site.
            </EmptyState>
          }
        />
      )}
      {data === undefined || data.total === 0 ? null : (
        <Pager
          total={data.total}
          isExact={data.total_is_exact}
          shown={data.batches.length}
          limit={limit}
          offset={offset}
          noun="batches"
          onOffset={(to) => void navigate({ to: '/batches', search: to === 0 ? {} : { offset: to } })}
        />
      )}
    </Page>
  );
}

function NewBatch(): ReactNode {
  return (
    <Button component={Link} to="/batches/new" leftSection={<IconPlus size={16} aria-hidden />}>
      New batch
    </Button>
  );
}

const columns: readonly Column<Batch>[] = [
  {
    key: 'name',
    header: 'Batch',
    cell: ({ id, name }) => (
      <TextLink to="/batches/$id" params={{ id }} fw={600}>
        {name ?? id}
      </TextLink>
    ),
  },
  { key: 'status', header: 'State', cell: (batch) => <BatchStatusBadge batch={batch} /> },
  {
    key: 'counts',
    header: 'Redeemed',
    cell: ({ counts }) => `${number.format(counts.used)} of ${number.format(counts.rows)}`,
  },
  {
    key: 'made',
    header: 'Made',
    cell: ({ created_at: at, created_by: by, created_by_name: name }) => (
      <Stack gap={0}>
        <Text size="sm">
          <When at={at} />
        </Text>
        <Text size="xs" c="dimmed">
          by {name ?? by}
        </Text>
      </Stack>
    ),
  },
];
