import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { ProblemAlert } from './problem-alert.tsx';

export interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** A question: "Revoke 12 devices?" */
  readonly title: string;
  /** What will happen, in words: "These 12 devices disconnect now and need a new code on site." */
  readonly children: ReactNode;
  /** The verb, on the button. */
  readonly confirm: string;
  /** What has to be typed before, such as the count or a name; nothing when undefined. */
  readonly typed?: string | undefined;
  /** Red, for what cannot be undone. */
  readonly danger?: boolean;
  /** The dialog stays until it resolves; what it throws is shown in it. */
  readonly onConfirm: () => Promise<unknown>;
  /** Told when that begins: the dialog has to stay opened until it is closed from within. */
  readonly onBegin?: () => void;
}

/** Asks before something is done that cannot, or not easily, be undone. */
export function ConfirmDialog(props: ConfirmDialogProps): ReactNode {
  const { opened, onClose, title } = props;
  const [working, setWorking] = useState(false);
  return (
    <Modal
      opened={opened}
      // What was begun is seen to its end: its failure would be told to nobody, and its end close the next question.
      onClose={() => {
        if (!working) onClose();
      }}
      title={title}
      closeButtonProps={{ 'aria-label': 'Close', disabled: working }}
    >
      {/* Mounted anew each time: what was typed and what failed are of one question. */}
      {opened ? <Question {...props} working={working} setWorking={setWorking} /> : null}
    </Modal>
  );
}

interface QuestionProps extends ConfirmDialogProps {
  readonly working: boolean;
  readonly setWorking: (working: boolean) => void;
}

function Question({
  onClose,
  children,
  confirm,
  typed,
  danger,
  onBegin,
  onConfirm,
  setWorking,
  working,
}: QuestionProps): ReactNode {
  const [text, setText] = useState('');
  const [error, setError] = useState<unknown>(undefined);
  const agreed = typed === undefined || text.trim() === typed;
  const act = (): void => {
    setWorking(true);
    onBegin?.();
    setError(undefined);
    onConfirm()
      .then(onClose, setError)
      .finally(() => setWorking(false));
  };
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        if (agreed && !working) act();
      }}
    >
      <Stack>
        <Text component="div">{children}</Text>
        {typed === undefined ? null : (
          <TextInput
            label={`Type ${typed} to confirm`}
            value={text}
            onChange={(change) => setText(change.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        )}
        <ProblemAlert error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} disabled={working}>
            Cancel
          </Button>
          <Button
            type="submit"
            color={danger === true ? 'red.9' : 'petrol'}
            disabled={!agreed}
            loading={working}
          >
            {confirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
