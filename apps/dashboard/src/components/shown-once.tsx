import { Button, Code, Group, Modal, Stack } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { CopyButton } from './copy-button.tsx';
import { LeaveGuard, LeaveQuestion } from './leave-guard.tsx';
import type { Holds } from './use-shown-once.ts';

const unseen = 'It is being made, and is shown this once, here. Whoever leaves now will not have seen it.';
const notTaken = 'It is shown this once, and was not copied here. If you have not kept it, it is lost.';

/** Asks before the page is left with a secret that nobody has got. */
export function ShownOnceGuard({ holds }: { readonly holds: Holds }): ReactNode {
  return (
    <LeaveGuard active={holds !== 'nothing'} title="Leave without it?">
      {holds === 'making' ? unseen : notTaken}
    </LeaveGuard>
  );
}

export interface ShownOnceDialogProps {
  readonly opened: boolean;
  readonly title: string;
  readonly holds: Holds;
  /** What is shown is gone then. */
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/**
 * A dialog in which a secret is made or shown. It stays while one is made; nothing closes it on a secret that nobody has got
 * but the person's word.
 */
export function ShownOnceDialog({
  children,
  holds,
  onClose,
  opened,
  title,
}: ShownOnceDialogProps): ReactNode {
  const [asks, setAsks] = useState(false);
  const close = (): void => {
    if (holds === 'held') setAsks(true);
    else if (holds === 'nothing') onClose();
  };
  return (
    <Modal.Stack>
      <Modal
        stackId="dialog"
        opened={opened}
        onClose={close}
        title={title}
        closeOnClickOutside={false}
        closeButtonProps={{ 'aria-label': 'Close', disabled: holds === 'making' }}
      >
        {children}
      </Modal>
      <LeaveQuestion
        opened={asks}
        title="Close without it?"
        leave="Close"
        onStay={() => setAsks(false)}
        onLeave={() => {
          setAsks(false);
          onClose();
        }}
      >
        {notTaken}
      </LeaveQuestion>
      <ShownOnceGuard holds={holds} />
    </Modal.Stack>
  );
}

export interface SecretProps {
  readonly text: string;
  /** Of the button: "Copy the token". */
  readonly label: string;
  readonly onTaken: () => void;
  /** To be read and typed elsewhere. */
  readonly large?: boolean;
  /** Beside the button. */
  readonly children?: ReactNode;
}

/** A secret and how it is taken. */
export function Secret({ children, label, large = false, onTaken, text }: SecretProps): ReactNode {
  return (
    <Stack gap="xs" align="flex-start">
      <Code
        block
        style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
        {...(large ? { fz: 'xl', p: 'sm' } : {})}
      >
        {text}
      </Code>
      <Group gap="xs">
        <CopyButton text={text} label={label} onCopied={onTaken}>
          {label}
        </CopyButton>
        {children}
      </Group>
    </Stack>
  );
}

export interface DoneButtonProps {
  readonly taken: boolean;
  readonly onDone: () => void;
}

/** Takes a secret off the page: where it was not copied here, by the person's word. */
export function DoneButton({ onDone, taken }: DoneButtonProps): ReactNode {
  return (
    <Button
      size="compact-sm"
      variant={taken ? 'filled' : 'default'}
      onClick={({ currentTarget }) => {
        // The button goes with the secret; whoever works by the keyboard stays where the next is made.
        currentTarget.closest('form, section')?.querySelector('input')?.focus();
        onDone();
      }}
    >
      {taken ? 'Done' : 'I have saved it'}
    </Button>
  );
}
