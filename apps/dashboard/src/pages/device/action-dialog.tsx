import { Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { DoneButton, Secret, ShownOnceDialog } from '../../components/shown-once.tsx';
import { type ShownOnceList, useShownOnce } from '../../components/use-shown-once.ts';

export type DeviceAction = 'rotate' | 'extend' | 'replace' | 'restore' | 'quarantine' | 'revoke' | 'delete';

interface Wording {
  readonly title: (name: string) => string;
  readonly consequence: string;
  readonly confirm: string;
  readonly danger?: boolean;
}

const wordings: Readonly<Record<DeviceAction, Wording>> = {
  rotate: {
    title: (name) => `Rotate the key of ${name}?`,
    consequence:
      'The device is offered a new key over its tunnel, now or when it connects. The old key works until the new one is in use. Nobody has to go there.',
    confirm: 'Rotate the key',
  },
  extend: {
    title: (name) => `Extend the key of ${name}?`,
    consequence: 'The same key stays good for 365 days more. For devices that cannot rotate.',
    confirm: 'Extend by a year',
  },
  replace: {
    title: (name) => `Replace the key of ${name} now?`,
    consequence:
      'The old key dies at once and this device disconnects. The new key is shown once, here, and has to be put on the device by hand.',
    confirm: 'Replace the key',
    danger: true,
  },
  restore: {
    title: (name) => `Restore ${name}?`,
    consequence: 'It may connect again, with the key that it has.',
    confirm: 'Restore',
  },
  quarantine: {
    title: (name) => `Put ${name} into quarantine?`,
    consequence:
      'This device disconnects now and is refused until somebody restores it or it gets a new key with a code.',
    confirm: 'Put into quarantine',
    danger: true,
  },
  revoke: {
    title: (name) => `Revoke ${name}?`,
    consequence: 'This device disconnects now and is refused until somebody restores it.',
    confirm: 'Revoke',
    danger: true,
  },
  delete: {
    title: (name) => `Delete ${name}?`,
    consequence:
      'This device disconnects now and needs a new code on site. Its history leaves the list with it.',
    confirm: 'Delete',
    danger: true,
  },
};

export interface ActionDialogProps {
  readonly device: Schema<'Device'>;
  readonly action: DeviceAction | undefined;
  readonly onClose: () => void;
  readonly onDeleted: () => void;
}

/** Says what will happen, and does it. A new key is shown once, afterwards. */
export function ActionDialog({ action, device, onClose, onDeleted }: ActionDialogProps): ReactNode {
  const queries = useQueryClient();
  const [last, setLast] = useState<DeviceAction>('rotate');
  if (action !== undefined && action !== last) setLast(action);
  const keys = useShownOnce<string>();
  const [isReplacing, setReplacing] = useState(false);
  const shown = action ?? last;
  const { confirm, consequence, danger, title } = wordings[shown];
  const { device_id: id, name } = device;
  const act = async (): Promise<void> => {
    setReplacing(shown === 'replace');
    try {
      const { key: made, message } = await perform(shown, id);
      if (message !== undefined) notifications.show({ message });
      if (made !== undefined) keys.show(made);
    } finally {
      setReplacing(false);
    }
    if (shown === 'delete') {
      queries.removeQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(id) });
      onDeleted();
      return;
    }
    await queries.invalidateQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(id) });
  };
  return (
    <>
      <ConfirmDialog
        opened={action !== undefined}
        onClose={onClose}
        title={title(name ?? id)}
        confirm={confirm}
        danger={danger === true}
        onConfirm={act}
      >
        {consequence}
      </ConfirmDialog>
      <NewKey deviceId={id} keys={keys} isReplacing={isReplacing} />
    </>
  );
}

interface NewKeyProps {
  readonly deviceId: string;
  readonly keys: ShownOnceList<string>;
  readonly isReplacing: boolean;
}

function NewKey({ deviceId, isReplacing, keys }: NewKeyProps): ReactNode {
  const [shown] = keys.all;
  const close = (): void => {
    if (shown !== undefined) keys.drop(shown.key);
  };
  return (
    <ShownOnceDialog
      opened={shown !== undefined}
      onClose={close}
      title="The new key, shown once"
      holds={keys.holds(isReplacing)}
    >
      <Stack gap="sm">
        <Text>
          Put it into EDGEFLOW_API_KEY beside EDGEFLOW_DEVICE_ID={deviceId} on the device. After this it is
          shown nowhere.
        </Text>
        {shown === undefined ? null : (
          <Secret text={shown.made} label="Copy the key" onTaken={() => keys.take(shown.key)}>
            <DoneButton taken={shown.taken} onDone={close} />
          </Secret>
        )}
      </Stack>
    </ShownOnceDialog>
  );
}

interface Performed {
  readonly message?: string;
  readonly key?: string;
}

const yearDays = 365;

async function perform(action: DeviceAction, id: string): Promise<Performed> {
  const params = { path: { id } };
  switch (action) {
    case 'rotate': {
      const { data } = await client.POST('/api/v1/devices/{id}/rotate-key', {
        params,
        body: { mode: 'tunnel' },
      });
      const isDelivered = data !== undefined && 'delivered' in data && data.delivered;
      return {
        message: isDelivered
          ? 'A new key is on its way to the device.'
          : 'The device is offered a new key when it connects.',
      };
    }
    case 'replace': {
      const { data } = await client.POST('/api/v1/devices/{id}/rotate-key', {
        params,
        body: { mode: 'replace' },
      });
      return data !== undefined && 'api_key' in data ? { key: data.api_key } : {};
    }
    case 'extend':
      await client.POST('/api/v1/devices/{id}/extend-key', { params, body: { days: yearDays } });
      return { message: 'The key is good for a year more.' };
    case 'restore':
      await client.POST('/api/v1/devices/{id}/restore', { params });
      return { message: 'The device may connect again.' };
    case 'quarantine':
      await client.POST('/api/v1/devices/{id}/quarantine', { params });
      return { message: 'The device is in quarantine.' };
    case 'revoke':
      await client.POST('/api/v1/devices/{id}/revoke', { params });
      return { message: 'The device is revoked.' };
    case 'delete':
      await client.DELETE('/api/v1/devices/{id}', { params });
      return {};
  }
}
