import { Button, Group, Modal, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconSend } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { api, type Schema } from '../../../api/client.ts';
import { ConfirmDialog } from '../../../components/confirm-dialog.tsx';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { EmptyState } from '../../../components/empty-state.tsx';
import { ProblemAlert } from '../../../components/problem-alert.tsx';
import { StatusBadge } from '../../../components/status-badge.tsx';
import { When } from '../../../components/when.tsx';
import { EndpointForm, type Made, SecretShown } from './endpoint-form.tsx';
import { SettingsSection } from './section.tsx';

type Endpoint = Schema<'AlertEndpoint'>;
type Question = { readonly kind: 'delete' | 'secret'; readonly endpoint: Endpoint };

/** Where alerts are delivered, and what administrators do about it. */
export function Endpoints(): ReactNode {
  const { data, error, refetch } = api.useQuery('get', '/api/v1/alert-endpoints');
  const [adds, setAdds] = useState(false);
  const [made, setMade] = useState<Made | undefined>(undefined);
  const [question, setQuestion] = useState<Question | undefined>(undefined);
  const add = (
    <Button
      variant="light"
      leftSection={<IconSend size={16} aria-hidden />}
      onClick={() => {
        setAdds(true);
      }}
    >
      Add an endpoint
    </Button>
  );
  return (
    <SettingsSection title="Endpoints" action={data?.endpoints.length === 0 ? undefined : add}>
      <ProblemAlert error={error} onRetry={() => void refetch()} />
      {error === null ? (
        <DataTable
          caption="Where alerts are delivered"
          columns={columnsOf(setQuestion)}
          rows={data?.endpoints}
          rowKey={({ id }) => id}
          skeletons={2}
          empty={
            <EmptyState icon={IconSend} title="Nobody is told yet" action={add}>
              A webhook gets each alert as signed JSON (Standard Webhooks); an e-mail address gets it in
              words.
            </EmptyState>
          }
        />
      ) : null}
      <Modal
        opened={adds || made !== undefined}
        onClose={() => {
          setAdds(false);
          setMade(undefined);
        }}
        title={made === undefined ? 'Add an endpoint' : 'The secret of this webhook'}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {made === undefined ? (
          <EndpointForm
            canSendEmail={data?.can_send_email === true}
            onMade={(one) => {
              setAdds(false);
              setMade(one.secret === null ? undefined : one);
              void refetch();
            }}
          />
        ) : (
          <SecretShown made={made} />
        )}
      </Modal>
      <EndpointQuestion
        question={question}
        onClose={() => {
          setQuestion(undefined);
        }}
        onMade={setMade}
      />
    </SettingsSection>
  );
}

interface EndpointQuestionProps {
  readonly question: Question | undefined;
  readonly onClose: () => void;
  readonly onMade: (made: Made) => void;
}

function EndpointQuestion({ onClose, onMade, question }: EndpointQuestionProps): ReactNode {
  const queries = useQueryClient();
  const remove = api.useMutation('delete', '/api/v1/alert-endpoints/{id}');
  const rotate = api.useMutation('post', '/api/v1/alert-endpoints/{id}/rotate-secret');
  const isDelete = question?.kind === 'delete';
  const params = { path: { id: question?.endpoint.id ?? '' } };
  return (
    <ConfirmDialog
      opened={question !== undefined}
      onClose={onClose}
      title={isDelete ? 'Delete this endpoint?' : 'Make a new secret?'}
      confirm={isDelete ? 'Delete' : 'Make a new secret'}
      danger={isDelete}
      onConfirm={async () => {
        if (isDelete) await remove.mutateAsync({ params });
        else onMade(await rotate.mutateAsync({ params }));
        await queries.invalidateQueries({ queryKey: ['get', '/api/v1/alert-endpoints'] });
      }}
    >
      {isDelete
        ? 'Alerts that wait for it are not delivered any more.'
        : 'Messages carry two signatures for 24 hours, by the old secret and the new one, so that none is refused while you change over.'}
    </ConfirmDialog>
  );
}

function columnsOf(ask: (question: Question) => void): Column<Endpoint>[] {
  return [
    {
      key: 'name',
      header: 'Endpoint',
      cell: ({ name, target }) => (
        <div>
          <Text fw={600}>{name}</Text>
          <Text size="sm" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {target}
          </Text>
        </div>
      ),
    },
    { key: 'state', header: 'State', cell: (endpoint) => <EndpointState {...endpoint} /> },
    {
      key: 'last',
      header: 'Last delivered',
      cell: ({ last_delivered_at: at }) => <When at={at} missing="never" />,
    },
    {
      key: 'actions',
      header: 'Actions',
      cell: (endpoint) => <EndpointActions endpoint={endpoint} ask={ask} />,
    },
  ];
}

function EndpointState(endpoint: Endpoint): ReactNode {
  if (endpoint.disabled_at !== null) {
    return (
      <div>
        <StatusBadge tone="bad">Switched off</StatusBadge>
        <Text size="sm">{endpoint.disabled_reason}</Text>
      </div>
    );
  }
  if (endpoint.failing_since === null) return <StatusBadge tone="good">Works</StatusBadge>;
  return (
    <div>
      <StatusBadge tone="warn">Failing</StatusBadge>
      <Text size="sm">
        {endpoint.last_error}, since <When at={endpoint.failing_since} />
      </Text>
    </div>
  );
}

interface EndpointActionsProps {
  readonly endpoint: Endpoint;
  readonly ask: (question: Question) => void;
}

function EndpointActions({ ask, endpoint }: EndpointActionsProps): ReactNode {
  const queries = useQueryClient();
  const test = api.useMutation('post', '/api/v1/alert-endpoints/{id}/test');
  const update = api.useMutation('put', '/api/v1/alert-endpoints/{id}');
  const params = { path: { id: endpoint.id } };
  const isOff = endpoint.disabled_at !== null;
  const changed = (): void => {
    for (const path of ['/api/v1/alert-endpoints', '/api/v1/alert-deliveries']) {
      void queries.invalidateQueries({ queryKey: ['get', path] });
    }
  };
  const button = { size: 'compact-sm', variant: 'default' } as const;
  return (
    <>
      <Group gap="xs">
        <Button
          {...button}
          disabled={isOff}
          loading={test.isPending}
          aria-label={`Send test to ${endpoint.name}`}
          onClick={() => {
            test.mutate({ params }, { onSuccess: changed });
          }}
        >
          Send test
        </Button>
        <Button
          {...button}
          loading={update.isPending}
          aria-label={`${isOff ? 'Switch on' : 'Switch off'} ${endpoint.name}`}
          onClick={() => {
            update.mutate({ params, body: { enabled: isOff } }, { onSuccess: changed });
          }}
        >
          {isOff ? 'Switch on' : 'Switch off'}
        </Button>
        {endpoint.kind === 'webhook' ? (
          <Button
            {...button}
            aria-label={`New secret for ${endpoint.name}`}
            onClick={() => {
              ask({ kind: 'secret', endpoint });
            }}
          >
            New secret
          </Button>
        ) : null}
        <Button
          {...button}
          aria-label={`Delete ${endpoint.name}`}
          onClick={() => {
            ask({ kind: 'delete', endpoint });
          }}
        >
          Delete
        </Button>
      </Group>
      <Text className="visually-hidden" role="status">
        {test.isSuccess ? `A test is on its way to ${endpoint.name}` : ''}
      </Text>
      <ProblemAlert error={test.error ?? update.error} />
    </>
  );
}
