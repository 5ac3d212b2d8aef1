import { Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { type ReactNode, useRef, useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { randomKey } from '../../platform.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { countOf, devicesInWords, type Selection, whichDevices } from './selection.ts';

type Change = Schema<'ChangeDevicesRequest'>['change'];
export type BulkKind = Change['action'];

interface Wording {
  readonly title: (devices: string) => string;
  /** The consequence, in words. */
  readonly consequence: (those: string, isOne: boolean) => string;
  readonly confirm: string;
  readonly danger?: boolean;
  /** The number has to be typed. */
  readonly typed?: boolean;
}

const wordings: Readonly<Record<BulkKind, Wording>> = {
  add_tags: {
    title: (devices) => `Add tags to ${devices}?`,
    consequence: (those) => `${those} keep the tags they have and get these as well.`,
    confirm: 'Add tags',
  },
  remove_tags: {
    title: (devices) => `Remove tags from ${devices}?`,
    consequence: (those) => `${those} lose these tags and keep all others.`,
    confirm: 'Remove tags',
  },
  set_group: {
    title: (devices) => `Set the group of ${devices}?`,
    consequence: (those) => `${those} leave the group they are in. Leave it empty for no group.`,
    confirm: 'Set group',
  },
  rotate: {
    title: (devices) => `Rotate the keys of ${devices}?`,
    consequence: (those) =>
      `${those} are offered new keys over their tunnels, ten a second; those that are offline when they connect. The old keys work until the new ones are in use. Nobody has to go there.`,
    confirm: 'Rotate keys',
    typed: true,
  },
  revoke: {
    title: (devices) => `Revoke ${devices}?`,
    consequence: (those) =>
      `${those} disconnect now and are refused until somebody restores them. They keep their keys; nobody has to go there.`,
    confirm: 'Revoke',
    danger: true,
    typed: true,
  },
  delete: {
    title: (devices) => `Delete ${devices}?`,
    consequence: (those, isOne) =>
      `${those} ${isOne ? 'disconnects now and needs' : 'disconnect now and need'} a new code on site.`,
    confirm: 'Delete',
    danger: true,
    typed: true,
  },
};

export interface BulkDialogProps {
  readonly kind: BulkKind | undefined;
  readonly selection: Selection;
  readonly onClose: () => void;
  readonly onBegin: () => void;
  readonly onBegun: (bulk: Schema<'DeviceBulk'>) => void;
}

/** Says what will happen to how many, and begins it once the number has been typed where it matters. */
export function BulkDialog({ kind, onBegin, onBegun, onClose, selection }: BulkDialogProps): ReactNode {
  // Keeps its words while it closes.
  const [last, setLast] = useState<BulkKind>('add_tags');
  if (kind !== undefined && kind !== last) setLast(kind);
  const shown = kind ?? last;
  const [tags, setTags] = useState<string[]>([]);
  const [group, setGroup] = useState('');
  // One change, however often the button is pressed for want of an answer; the next question is about another.
  const attempt = useRef<{ readonly request: string; readonly key: string }>(undefined);
  const { confirm, consequence, danger, title, typed } = wordings[shown];
  const count = countOf(selection);
  const devices = devicesInWords(count);
  const those = `${count === 1 ? 'This' : 'These'} ${devices}`;
  const begin = async (): Promise<void> => {
    const body = { change: changeOf(shown, tags, group), ...whichDevices(selection) };
    const request = JSON.stringify(body);
    if (attempt.current?.request !== request) attempt.current = { request, key: randomKey() };
    const { data } = await client.POST('/api/v1/devices/bulk', {
      params: { header: { 'Idempotency-Key': attempt.current.key } },
      body,
    });
    if (data === undefined) throw new Error('the answer came without a body');
    attempt.current = undefined;
    onBegun(data);
  };
  return (
    <ConfirmDialog
      opened={kind !== undefined}
      onClose={() => {
        attempt.current = undefined;
        onClose();
      }}
      onBegin={onBegin}
      title={title(devices)}
      confirm={confirm}
      danger={danger === true}
      typed={typed === true ? String(count) : undefined}
      onConfirm={begin}
    >
      <Stack gap="sm">
        <Text>{consequence(those, count === 1)}</Text>
        {shown === 'add_tags' || shown === 'remove_tags' ? (
          <TagsInput
            label="Tags"
            description="Enter adds one"
            value={tags}
            onChange={setTags}
            maxTags={32}
            maxLength={64}
            data-autofocus
          />
        ) : null}
        {shown === 'set_group' ? (
          <TextInput
            label="Group"
            value={group}
            maxLength={64}
            onChange={(change) => setGroup(change.currentTarget.value)}
            data-autofocus
          />
        ) : null}
      </Stack>
    </ConfirmDialog>
  );
}

function changeOf(kind: BulkKind, tags: readonly string[], group: string): Change {
  switch (kind) {
    case 'add_tags':
    case 'remove_tags':
      return { action: kind, tags: [...tags] };
    case 'set_group':
      return { action: kind, group: group.trim() === '' ? null : group.trim() };
    case 'rotate':
    case 'revoke':
    case 'delete':
      return { action: kind };
  }
}
