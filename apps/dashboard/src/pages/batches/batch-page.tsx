import { Group, Progress, Select, SimpleGrid, Skeleton, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { IconCards } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Page } from '../../components/page.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { When } from '../../components/when.tsx';
import { useLiveEvents } from '../../live/live.tsx';
import { useMay } from '../../session/use-session.ts';
import { useSoon } from '../../live/use-soon.ts';
import { BatchActions } from './actions.tsx';
import { reportColumns } from './report-columns.tsx';
import { type BatchSearch, isShow } from './search.ts';
import { BatchStatusBadge } from './status.tsx';
import { Texts } from './texts.tsx';

type Detail = Schema<'BatchDetail'>;

const route = getRouteApi('/signed-in/batches/$id');
const limit = 50;
const number = new Intl.NumberFormat();

/** One batch: how far it is made, its files, and what has become of each row, as it happens. */
export function BatchPage(): ReactNode {
  const { id } = route.useParams();
  const mayAct = useMay('operator');
  const query = api.useQuery('get', '/api/v1/batches/{id}', { params: { path: { id } } });
  const queries = useQueryClient();
  const look = useSoon(() => {
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/batches/{id}'] });
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/batches/{id}/rows'] });
  });
  useLiveEvents(['batch.', 'code.', 'device.'], look);
  const { data } = query;
  return (
    <Page
      title={data?.name ?? 'Batch'}
      actions={data === undefined || !mayAct ? null : <BatchActions batch={data} />}
    >
      <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
      {data === undefined ? (
        query.error === null ? (
          <Skeleton height={160} aria-busy />
        ) : null
      ) : (
        <>
          <State batch={data} />
          {mayAct ? <Texts batch={data} /> : null}
          <Report id={id} />
        </>
      )}
    </Page>
  );
}

function State({ batch }: { readonly batch: Detail }): ReactNode {
  const { counts, devices, progress } = batch;
  const isWorking = batch.status === 'making' || batch.status === 'replacing';
  return (
    <Stack gap="sm">
      <Group gap="md">
        <BatchStatusBadge batch={batch} />
        <Text size="sm" c="dimmed">
          made <When at={batch.created_at} /> by {batch.created_by_name ?? batch.created_by}, codes expire{' '}
          <When at={batch.expires_at} />
        </Text>
      </Group>
      {isWorking ? (
        <Stack gap={4}>
          <Progress
            value={(100 * progress.done) / progress.total}
            aria-label={batch.status === 'making' ? 'Codes made' : 'Rows looked at'}
          />
          <Text size="sm" role="status">
            {number.format(progress.done)} of {number.format(progress.total)}. It goes on by itself, also when
            you leave this page.
          </Text>
        </Stack>
      ) : null}
      <SimpleGrid component="dl" cols={{ base: 2, sm: 3, md: 6 }} m={0}>
        <Figure label="Devices" value={counts.rows} />
        <Figure label="Redeemed" value={counts.used} />
        <Figure label="Online" value={devices.online} />
        <Figure label="Unused" value={counts.active} />
        <Figure label="Expired" value={counts.expired} />
        <Figure label="Refused attempts" value={batch.failed_attempts} />
      </SimpleGrid>
      <Progress.Root size="lg" aria-label="How far the fleet has come">
        <Progress.Section
          value={(100 * devices.online) / counts.rows}
          color="green"
          aria-label={`${number.format(devices.online)} online`}
        />
        <Progress.Section
          value={(100 * Math.max(0, counts.used - devices.online)) / counts.rows}
          color="yellow"
          aria-label={`${number.format(Math.max(0, counts.used - devices.online))} redeemed, not online`}
        />
      </Progress.Root>
    </Stack>
  );
}

function Figure({ label, value }: { readonly label: string; readonly value: number }): ReactNode {
  return (
    <div>
      <Text component="dt" size="sm" c="dimmed">
        {label}
      </Text>
      <Text component="dd" m={0} fz="xl" fw={700}>
        {number.format(value)}
      </Text>
    </div>
  );
}

const showWords = [
  { value: 'active', label: 'Unused' },
  { value: 'used', label: 'Redeemed' },
  { value: 'online', label: 'Online' },
  { value: 'not_online', label: 'Not online' },
  { value: 'failed', label: 'Refused attempts' },
  { value: 'expired', label: 'Expired' },
  { value: 'revoked', label: 'Revoked' },
];

function Report({ id }: { readonly id: string }): ReactNode {
  const { offset = 0, show } = route.useSearch();
  const navigate = useNavigate();
  const query = api.useQuery(
    'get',
    '/api/v1/batches/{id}/rows',
    { params: { path: { id }, query: { limit, offset, ...(show === undefined ? {} : { show }) } } },
    { placeholderData: keepPreviousData },
  );
  const { data } = query;
  const go = (search: BatchSearch): void => void navigate({ to: '/batches/$id', params: { id }, search });
  return (
    <Stack gap="sm" component="section" aria-label="Report by row">
      <Select
        label="Show"
        placeholder="All rows"
        clearable
        clearButtonProps={{ 'aria-label': 'All rows' }}
        maw={240}
        data={showWords}
        value={show ?? null}
        onChange={(chosen) => go(isShow(chosen) ? { show: chosen } : {})}
      />
      <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
      {query.error !== null && data === undefined ? null : (
        <DataTable
          caption="Report by row"
          columns={reportColumns}
          rows={data?.rows}
          rowKey={({ row }) => String(row)}
          stale={query.isPlaceholderData}
          empty={
            <EmptyState icon={IconCards} title="No such rows">
              No row of this batch is so at this moment. The list fills as it happens.
            </EmptyState>
          }
        />
      )}
      {data === undefined || data.total === 0 ? null : (
        <Pager
          total={data.total}
          shown={data.rows.length}
          limit={limit}
          offset={offset}
          noun="rows"
          onOffset={(to) =>
            go({ ...(show === undefined ? {} : { show }), ...(to === 0 ? {} : { offset: to }) })
          }
        />
      )}
    </Stack>
  );
}
