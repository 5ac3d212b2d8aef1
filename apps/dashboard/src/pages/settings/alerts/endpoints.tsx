import { Button, Group, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconSend } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { api, type Schema } from '../../../api/client.ts';
import { ConfirmDialog } from '../../../components/confirm-dialog.tsx';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { EmptyState } from '../../../components/empty-state.tsx';
import { ProblemAlert } from '../../../components/problem-alert.tsx';
import { ShownOnceDialog } from '../../../components/shown-once.tsx';
import { StatusBadge } from '../../../components/status-badge.tsx';
import { type ShownOnceList, useShownOnce } from '../../../components/use-shown-once.ts';
import { When } from '../../../components/when.tsx';
import { EndpointForm, type Made, SecretShown } from './endpoint-form.tsx';
import { SettingsSection } from './section.tsx';

type Endpoint = Schema<'AlertEndpoint'>;
type Question = { readonly kind: 'delete' | 'secret'; readonly endpoint: Endpoint };

/** Where alerts are delivered, and what administrators do about it. */
export function Endpoints(): ReactNode {
  const { data, error, refetch } = api.useQuery('get', '/api/v1/alert-endpoints');
  const [adds, setAdds] = useState(false);
  const [question, setQuestion] = useState<Question | undefined>(undefined);
  const queries = useQueryClient();
  const secrets = useShownOnce<string>();
  const [isMaking, setMaking] = useState(false);
  const onMade = ({ secret }: Made): void => {
    setAdds(false);
    // At once, not when the list has been read anew: a dialog that closes beneath another takes the focus out of it.
    setQuestion(undefined);
    if (secret !== null) secrets.show(secret);
    void queries.invalidateQueries({ queryKey: ['get', '/api/v1/alert-endpoints'] });
  };
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
      <EndpointDialog
        adds={adds}
        canSendEmail={data?.can_send_email === true}
        secrets={secrets}
        isMaking={isMaking}
        onMaking={setMaking}
        onMade={onMade}
        onClose={() => {
          setAdds(false);
        }}
      />
      <EndpointQuestion
        question={question}
        onClose={() => {
          setQuestion(undefined);
        }}
        onMaking={setMaking}
        onMade={onMade}
      />
    </SettingsSection>
  );
}

interface EndpointDialogProps {
  readonly adds: boolean;
  readonly canSendEmail: boolean;
  readonly secrets: ShownOnceList<string>;
  readonly isMaking: boolean;
  readonly onMaking: (isMaking: boolean) => void;
  readonly onMade: (made: Made) => void;
  readonly onClose: () => void;
}

/** Where an endpoint is added, and where the secret of a webhook is shown. */
function EndpointDialog(props: EndpointDialogProps): ReactNode {
  const { adds, canSendEmail, isMaking, onClose, onMade, onMaking, secrets } = props;
  const [shown] = secrets.all;
  const close = (): void => {
    onClose();
    if (shown !== undefined) secrets.drop(shown.key);
  };
  return (
    <ShownOnceDialog
      opened={adds || shown !== undefined}
      onClose={close}
      title={shown === undefined ? 'Add an endpoint' : 'The secret of this webhook'}
      holds={secrets.holds(isMaking)}
    >
      {shown === undefined ? (
        <EndpointForm canSendEmail={canSendEmail} onMaking={onMaking} onMade={onMade} />
      ) : (
        <SecretShown
          secret={shown.made}
          taken={shown.taken}
          onTaken={() => {
            secrets.take(shown.key);
          }}
          onDone={close}
        />
      )}
    </ShownOnceDialog>
  );
}

interface EndpointQuestionProps {
  readonly question: Question | undefined;
  readonly onClose: () => void;
  readonly onMaking: (isMaking: boolean) => void;
  readonly onMade: (made: Made) => void;
}

function EndpointQuestion({ onClose, onMade, onMaking, question }: EndpointQuestionProps): ReactNode {
  const queries = useQueryClient();
  const remove = api.useMutation('delete', '/api/v1/alert-endpoints/{id}');
  const rotate = api.useMutation('post', '/api/v1/alert-endpoints/{id}/rotate-secret', {
    onMutate: () => {
      onMaking(true);
    },
    onSuccess: onMade,
    onSettled: () => {
      onMaking(false);
    },
  });
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
        else await rotate.mutateAsync({ params });
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
