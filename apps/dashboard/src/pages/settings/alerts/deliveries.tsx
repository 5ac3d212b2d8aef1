import { Button, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconMailbox } from '@tabler/icons-react';
import { type ReactNode, useEffect } from 'react';
import { api, type Schema } from '../../../api/client.ts';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { EmptyState } from '../../../components/empty-state.tsx';
import { ProblemAlert } from '../../../components/problem-alert.tsx';
import { StatusBadge, type Tone } from '../../../components/status-badge.tsx';
import { When } from '../../../components/when.tsx';
import { SettingsSection } from './section.tsx';

type Delivery = Schema<'AlertDelivery'>;

const kindWords: Readonly<Record<Delivery['kind'], string>> = {
  opened: 'An incident began',
  grown: 'An incident has grown',
  resolved: 'An incident is over',
  test: 'Test',
};

const stateWords: Readonly<Record<Delivery['state'], readonly [Tone, string]>> = {
  waiting: ['calm', 'Waiting'],
  delivered: ['good', 'Delivered'],
  failed: ['bad', 'Failed'],
};

const shownMax = 20;
/** While something is on its way. */
const watchMs = 2_000;

/** What was sent last, and what became of it. */
export function Deliveries({ mayChange }: { readonly mayChange: boolean }): ReactNode {
  const query = api.useQuery(
    'get',
    '/api/v1/alert-deliveries',
    { params: { query: { limit: shownMax } } },
    {
      refetchInterval: ({ state }) =>
        state.data?.deliveries.some((one) => one.state === 'waiting') === true ? watchMs : false,
    },
  );
  const queries = useQueryClient();
  const waiting = query.data?.deliveries.filter(({ state }) => state === 'waiting').length;
  // What was delivered or has failed shows at its endpoint too.
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/alert-endpoints'] });
  }, [queries, waiting]);
  return (
    <SettingsSection title="Deliveries">
      <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
      {query.error === null ? (
        <DataTable
          caption="The last deliveries"
          columns={columnsOf(mayChange)}
          rows={query.data?.deliveries}
          rowKey={({ id }) => id}
          skeletons={3}
          empty={
            <EmptyState icon={IconMailbox} title="Nothing was sent yet">
              Each message to an endpoint appears here, with what became of it. One that fails is sent again,
              for about a day.
            </EmptyState>
          }
        />
      ) : null}
    </SettingsSection>
  );
}

function columnsOf(mayChange: boolean): Column<Delivery>[] {
  const shown: Column<Delivery>[] = [
    { key: 'kind', header: 'Message', cell: ({ kind }) => kindWords[kind] },
    { key: 'at', header: 'Made', cell: ({ created_at: at }) => <When at={at} /> },
    { key: 'state', header: 'State', cell: (delivery) => <DeliveryState {...delivery} /> },
    { key: 'attempts', header: 'Attempts', align: 'right', cell: ({ attempts }) => String(attempts) },
  ];
  if (!mayChange) return shown;
  return [...shown, { key: 'retry', header: 'Retry', cell: (delivery) => <Retry {...delivery} /> }];
}

function DeliveryState({ last_error: error, next_at: nextAt, state }: Delivery): ReactNode {
  const [tone, words] = stateWords[state];
  return (
    <div>
      <StatusBadge tone={tone}>{words}</StatusBadge>
      {error === null ? null : (
        <Text size="sm">
          {error}
          {nextAt === null ? null : (
            <>
              , again <When at={nextAt} />
            </>
          )}
        </Text>
      )}
    </div>
  );
}

function Retry({ id, kind, state }: Delivery): ReactNode {
  const queries = useQueryClient();
  const retry = api.useMutation('post', '/api/v1/alert-deliveries/{id}/retry');
  if (state === 'delivered') return '–';
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        loading={retry.isPending}
        aria-label={`Send now: ${kindWords[kind]}`}
        onClick={() => {
          retry.mutate(
            { params: { path: { id } } },
            {
              onSuccess: () =>
                void queries.invalidateQueries({ queryKey: ['get', '/api/v1/alert-deliveries'] }),
            },
          );
        }}
      >
        Send now
      </Button>
      <ProblemAlert error={retry.error} />
    </>
  );
}
