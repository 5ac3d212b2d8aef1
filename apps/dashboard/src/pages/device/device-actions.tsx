import { Button, Menu } from '@mantine/core';
import {
  IconBan,
  IconChevronDown,
  IconClockPlus,
  IconEdit,
  IconKey,
  IconLock,
  IconRefresh,
  IconRotate,
  IconTrash,
} from '@tabler/icons-react';
import { type ComponentType, type ReactNode, useState } from 'react';
import type { Schema } from '../../api/client.ts';
import { useMayHere } from '../../session/use-may-here.ts';
import { ActionDialog, type DeviceAction } from './action-dialog.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { ReprovisionDialog } from './reprovision-dialog.tsx';

type Choice = DeviceAction | 'edit' | 'reprovision';

interface Entry {
  readonly action: Choice;
  readonly words: string;
  readonly icon: ComponentType<{ size: number; 'aria-hidden': boolean }>;
  readonly danger?: true;
}

/** What can be done with a device. What its state does not allow is not offered. */
export function DeviceActions(props: {
  readonly device: Schema<'Device'>;
  readonly onDeleted: () => void;
}): ReactNode {
  const { device, onDeleted } = props;
  const mayChange = useMayHere('operator');
  const [choice, setChoice] = useState<Choice | undefined>(undefined);
  if (!mayChange) return null;
  const close = (): void => setChoice(undefined);
  const action = choice === 'edit' || choice === 'reprovision' ? undefined : choice;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconEdit size={16} aria-hidden />}
        onClick={() => setChoice('edit')}
      >
        Edit
      </Button>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <Button rightSection={<IconChevronDown size={16} aria-hidden />}>Actions</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {entriesFor(device).map(({ action: one, danger, icon: Icon, words }) => (
            <Menu.Item
              key={one}
              leftSection={<Icon size={16} aria-hidden />}
              {...(danger === true ? { color: 'red' } : {})}
              onClick={() => setChoice(one)}
            >
              {words}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <EditDialog device={device} opened={choice === 'edit'} onClose={close} />
      <ReprovisionDialog device={device} opened={choice === 'reprovision'} onClose={close} />
      <ActionDialog device={device} action={action} onClose={close} onDeleted={onDeleted} />
    </>
  );
}

function entriesFor({ key, status }: Schema<'Device'>): Entry[] {
  const isRefused = status === 'revoked' || status === 'quarantined';
  return [
    ...(isRefused || key === null
      ? []
      : [
          { action: 'rotate', words: 'Rotate the key', icon: IconRotate } as const,
          { action: 'extend', words: 'Extend the key by a year', icon: IconClockPlus } as const,
        ]),
    ...(status === 'revoked'
      ? []
      : [{ action: 'replace', words: 'Replace the key now…', icon: IconKey } as const]),
    ...(status === 'revoked'
      ? []
      : [{ action: 'reprovision', words: 'Provision again with a code…', icon: IconRefresh } as const]),
    ...(isRefused ? [{ action: 'restore', words: 'Restore', icon: IconRotate } as const] : []),
    ...(isRefused ? [] : [{ action: 'quarantine', words: 'Put into quarantine…', icon: IconLock } as const]),
    ...(status === 'revoked'
      ? []
      : [{ action: 'revoke', words: 'Revoke…', icon: IconBan, danger: true } as const]),
    { action: 'delete', words: 'Delete…', icon: IconTrash, danger: true } as const,
  ];
}
