import { Anchor, Button, Group, Paper, Text } from '@mantine/core';
import { IconBan, IconFolder, IconKey, IconTag, IconTagOff, IconTrash } from '@tabler/icons-react';
import { type ComponentType, type ReactNode, useState } from 'react';
import classes from './bulk-bar.module.css';
import { BulkDialog, type BulkKind } from './bulk-dialog.tsx';
import { BulkProgress } from './bulk-progress.tsx';
import { countOf, devicesInWords, nothingChosen, type Selection } from './selection.ts';

export interface BulkBarProps {
  readonly selection: Selection;
  /** The choice of everything that the filters let through; undefined while that is not known. */
  readonly all: Extract<Selection, { kind: 'all' }> | undefined;
  readonly onSelect: (selection: Selection) => void;
  /** Called when all of a change is made. */
  readonly onDone: () => void;
}

/** A change that is asked about, of what was chosen then. */
interface Asked {
  readonly kind: BulkKind;
  readonly selection: Selection;
  /** It is seen to its end, whatever is chosen by then. */
  readonly begun: boolean;
}

const actions: readonly (readonly [
  BulkKind,
  string,
  ComponentType<{ size: number; 'aria-hidden': boolean }>,
])[] = [
  ['add_tags', 'Add tags', IconTag],
  ['remove_tags', 'Remove tags', IconTagOff],
  ['set_group', 'Set group', IconFolder],
  ['rotate', 'Rotate keys', IconKey],
  ['revoke', 'Revoke', IconBan],
  ['delete', 'Delete', IconTrash],
];

/** What can be done with all devices that are chosen, over all pages; what was begun is shown to its end. */
export function BulkBar({ all, onDone, onSelect, selection }: BulkBarProps): ReactNode {
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const [running, setRunning] = useState<(Asked & { readonly id: string }) | undefined>(undefined);
  const count = countOf(selection);
  // A question about devices that are chosen no more, after Back, is no question; what was begun is seen to its end.
  if (asked !== undefined && asked.selection !== selection && !asked.begun) setAsked(undefined);
  const mayTakeAll = selection.kind === 'some' && all !== undefined && all.count > count;
  return (
    <>
      {count === 0 ? null : (
        <Paper withBorder shadow="md" className={classes['bar']} role="region" aria-label="Chosen devices">
          <Group gap="xs">
            <Text fw={600} role="status">
              {devicesInWords(count)} chosen
            </Text>
            {mayTakeAll ? (
              <Anchor component="button" type="button" onClick={() => onSelect(all)}>
                Choose all {devicesInWords(all.count)}
              </Anchor>
            ) : null}
            <Anchor component="button" type="button" onClick={() => onSelect(nothingChosen)}>
              Choose none
            </Anchor>
          </Group>
          <Group gap="xs">
            {actions.map(([action, words, Icon]) => (
              <Button
                key={action}
                size="compact-md"
                variant="default"
                {...(action === 'delete' || action === 'revoke' ? { c: 'var(--mantine-color-error)' } : {})}
                leftSection={<Icon size={16} aria-hidden />}
                onClick={() => setAsked({ kind: action, selection, begun: false })}
              >
                {words}
              </Button>
            ))}
          </Group>
        </Paper>
      )}
      <BulkDialog
        kind={asked?.kind}
        selection={asked?.selection ?? selection}
        onClose={() => setAsked(undefined)}
        onBegin={() => setAsked((one) => one && { ...one, begun: true })}
        onBegun={({ id }) => {
          if (asked !== undefined) setRunning({ ...asked, id });
        }}
      />
      {running === undefined ? null : (
        <BulkProgress
          id={running.id}
          onClose={() => {
            setRunning(undefined);
            // What was chosen since is of another list.
            if (running.selection === selection) onSelect(nothingChosen);
            onDone();
          }}
        />
      )}
    </>
  );
}
