import { Alert, Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { api } from '../../../api/client.ts';
import { ProblemAlert } from '../../../components/problem-alert.tsx';
import { DoneButton, Secret } from '../../../components/shown-once.tsx';

/** A webhook with the secret that is shown this once; null for e-mail. */
export interface Made {
  readonly secret: string | null;
}

export interface EndpointFormProps {
  readonly canSendEmail: boolean;
  readonly onMaking: (isMaking: boolean) => void;
  readonly onMade: (made: Made) => void;
}

type Kind = 'webhook' | 'email';

export function EndpointForm({ canSendEmail, onMade, onMaking }: EndpointFormProps): ReactNode {
  const [kind, setKind] = useState<Kind>('webhook');
  const [name, setName] = useState('');
  const [target, setTarget] = useState('');
  // Not of `mutate()`: those are dropped with the form, and the secret with them.
  const { error, isPending, mutate } = api.useMutation('post', '/api/v1/alert-endpoints', {
    onMutate: () => {
      onMaking(true);
    },
    onSuccess: onMade,
    onSettled: () => {
      onMaking(false);
    },
  });
  const isReady = name.trim() !== '' && target.trim() !== '';
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        if (isReady && !isPending) mutate({ body: { kind, name, target } });
      }}
    >
      <Stack>
        <SegmentedControl
          aria-label="Kind of endpoint"
          value={kind}
          data={[
            { value: 'webhook', label: 'Webhook' },
            { value: 'email', label: 'E-mail', disabled: !canSendEmail },
          ]}
          onChange={(value) => {
            setKind(value === 'email' ? 'email' : 'webhook');
          }}
        />
        {canSendEmail ? null : (
          <Text size="sm" c="dimmed">
            This cloud sends no e-mail: whoever runs it can configure SMTP.
          </Text>
        )}
        <TextInput
          label="Name"
          description="For you: who or what is told."
          value={name}
          onChange={(change) => {
            setName(change.currentTarget.value);
          }}
          data-autofocus
        />
        <TextInput
          label={kind === 'webhook' ? 'URL' : 'E-mail address'}
          description={kind === 'webhook' ? 'It begins with https://' : undefined}
          inputMode={kind === 'webhook' ? 'url' : 'email'}
          value={target}
          onChange={(change) => {
            setTarget(change.currentTarget.value);
          }}
        />
        <ProblemAlert error={error} />
        <Group justify="flex-end">
          <Button type="submit" loading={isPending} disabled={!isReady}>
            Add
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export interface SecretShownProps {
  readonly secret: string;
  readonly taken: boolean;
  readonly onTaken: () => void;
  readonly onDone: () => void;
}

export function SecretShown({ onDone, onTaken, secret, taken }: SecretShownProps): ReactNode {
  return (
    <Stack>
      <Alert icon={<IconKey aria-hidden />} title="Shown this once" role="status">
        Give it to the receiver, which checks the signature of each message with it.
      </Alert>
      <Secret text={secret} label="Copy the secret" onTaken={onTaken}>
        <DoneButton taken={taken} onDone={onDone} />
      </Secret>
    </Stack>
  );
}
