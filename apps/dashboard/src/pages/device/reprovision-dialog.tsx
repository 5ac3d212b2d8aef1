import { Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
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

/** A code that gives this device a new key under the id that it has. Shown once, here. */
export function ReprovisionDialog(props: ReprovisionDialogProps): ReactNode {
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title="Provision again with a code"
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {props.opened ? <Reprovision {...props} /> : null}
    </Modal>
  );
}

interface Made {
  readonly id: string;
  readonly code: string;
  readonly expiresAt: string;
}

/** What happens with the code, as it happens: the same panel as where devices are added. */
function Watched({ id }: { readonly id: string }): ReactNode {
  const watched = useOnboarding(id);
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

function Reprovision({ device, onClose }: ReprovisionDialogProps): ReactNode {
  const [made, setMade] = useState<Made | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const [isMaking, setMaking] = useState(false);
  const make = async (): Promise<void> => {
    setMaking(true);
    setError(undefined);
    try {
      const { data } = await client.POST('/api/v1/provisioning-codes', {
        body: { device_id: device.device_id, count: 1, tags: [] },
      });
      const [code] = data?.codes ?? [];
      if (code !== undefined) setMade({ id: code.id, code: code.code, expiresAt: code.expires_at });
    } catch (problem) {
      setError(problem);
    } finally {
      setMaking(false);
    }
  };
  if (made !== undefined) {
    return (
      <Stack gap="sm" align="flex-start">
        <Text>Put this code on the device. It is shown once, here.</Text>
        <Code fz="xl" p="sm">
          {made.code}
        </Code>
        <CopyButton text={made.code} label="Copy the code">
          Copy the code
        </CopyButton>
        <Text size="sm" c="dimmed">
          Good until <When at={made.expiresAt} as="exact" />. On the device: EDGEFLOW_PROVISIONING_CODE=
          {made.code}, then restart the agent. The old key dies when the new one is used, and not before.
        </Text>
        <Watched id={made.id} />
        <Button onClick={onClose}>Done</Button>
      </Stack>
    );
  }
  return (
    <Stack gap="sm">
      <Text>
        The device keeps its id, name, tags and history, and gets a new key. Use it after a card was replaced,
        a key was lost or a copy was found. Nothing changes until the code is used.
      </Text>
      <ProblemAlert error={error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button loading={isMaking} onClick={() => void make()}>
          Make a code
        </Button>
      </Group>
    </Stack>
  );
}
