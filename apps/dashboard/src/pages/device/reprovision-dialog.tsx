import { Button, Group, Stack, Text } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { DoneButton, Secret, ShownOnceDialog } from '../../components/shown-once.tsx';
import { type ShownOnce, useShownOnce } from '../../components/use-shown-once.ts';
import { TextLink } from '../../components/text-link.tsx';
import { When } from '../../components/when.tsx';
import { Panel } from '../../onboarding/panel.tsx';
import { useOnboarding } from '../../onboarding/use-onboarding.ts';
import { addDeviceAddress } from '../../shell/navigation.ts';

export interface ReprovisionDialogProps {
  readonly device: Schema<'Device'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

type MadeCode = Schema<'CreatedProvisioningCode'>;

/** A code that gives this device a new key under the id that it has. Shown once, here. */
export function ReprovisionDialog({ device, onClose, opened }: ReprovisionDialogProps): ReactNode {
  const codes = useShownOnce<MadeCode>();
  const making = api.useMutation('post', '/api/v1/provisioning-codes', {
    onSuccess: ({ codes: [code] }) => {
      if (code !== undefined) codes.show(code);
    },
  });
  const [shown] = codes.all;
  const close = (): void => {
    if (shown !== undefined) codes.drop(shown.key);
    making.reset();
    onClose();
  };
  return (
    <ShownOnceDialog
      opened={opened}
      onClose={close}
      title="Provision again with a code"
      holds={codes.holds(making.isPending)}
    >
      {shown === undefined ? (
        <Question
          error={making.error}
          isMaking={making.isPending}
          onClose={close}
          onMake={() => making.mutate({ body: { device_id: device.device_id, count: 1, tags: [] } })}
        />
      ) : (
        <Made shown={shown} onTaken={codes.take} onDone={close} />
      )}
    </ShownOnceDialog>
  );
}

interface QuestionProps {
  readonly error: unknown;
  readonly isMaking: boolean;
  readonly onClose: () => void;
  readonly onMake: () => void;
}

function Question({ error, isMaking, onClose, onMake }: QuestionProps): ReactNode {
  return (
    <Stack gap="sm">
      <Text>
        The device keeps its id, name, tags and history, and gets a new key. Use it after a card was replaced,
        a key was lost or a copy was found. Nothing changes until the code is used.
      </Text>
      <ProblemAlert error={error} />
      <Group justify="flex-end">
        <Button variant="default" disabled={isMaking} onClick={onClose}>
          Cancel
        </Button>
        <Button loading={isMaking} onClick={onMake}>
          Make a code
        </Button>
      </Group>
    </Stack>
  );
}

interface MadeProps {
  readonly shown: ShownOnce<MadeCode>;
  readonly onTaken: (key: number) => void;
  readonly onDone: () => void;
}

function Made({ onDone, onTaken, shown: { key, made, taken } }: MadeProps): ReactNode {
  return (
    <Stack gap="sm" align="flex-start">
      <Text>Put this code on the device. It is shown once, here.</Text>
      <Secret large text={made.code} label="Copy the code" onTaken={() => onTaken(key)}>
        <DoneButton taken={taken} onDone={onDone} />
      </Secret>
      <Text size="sm" c="dimmed">
        Good until <When at={made.expires_at} as="exact" />. On the device: EDGEFLOW_PROVISIONING_CODE=
        {made.code}, then restart the agent. The old key dies when the new one is used, and not before.
      </Text>
      <Watched id={made.id} shownKey={key} onOver={onTaken} />
    </Stack>
  );
}

interface WatchedProps {
  readonly id: string;
  readonly shownKey: number;
  /** Called once it can be used no more: nothing is lost with it then. */
  readonly onOver: (shownKey: number) => void;
}

/** What happens with the code, as it happens: the same panel as where devices are added. */
function Watched({ id, onOver, shownKey }: WatchedProps): ReactNode {
  const watched = useOnboarding(id);
  const status = watched.query.data?.code.status;
  const isOver = status !== undefined && status !== 'active';
  useEffect(() => {
    if (isOver) onOver(shownKey);
  }, [isOver, onOver, shownKey]);
  return (
    <Stack gap="xs" w="100%">
      <Panel watched={watched} />
      <Text size="sm" c="dimmed">
        It is shown without the code{' '}
        <TextLink to={addDeviceAddress} search={{ code: id }}>
          on a page of its own
        </TextLink>{' '}
        too, for when you have put the code on the device.
      </Text>
    </Stack>
  );
}
