import { Button, Group, Modal, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useEffect, useId } from 'react';

export interface LeaveGuardProps {
  /** Whether something would be lost now. */
  readonly active: boolean;
  /** A question: "Leave without it?" */
  readonly title: string;
  /** What would be lost. */
  readonly children: ReactNode;
}

/** The guards of this tab that hold something now. */
const holding = new Set<object>();

/** Whether something would be lost if the page were left. For what leaves it in another way than by a link. */
export function isSomethingHeld(): boolean {
  return holding.size > 0;
}

/**
 * Asks before a page is left with what it alone keeps. Its tabs and filters may change freely. Closing the browser's tab
 * is asked by the browser itself.
 */
export function LeaveGuard({ active, children, title }: LeaveGuardProps): ReactNode {
  const { proceed, reset, status } = useBlocker({
    shouldBlockFn: ({ current, next }) => active && current.pathname !== next.pathname,
    enableBeforeUnload: () => active,
    withResolver: true,
  });
  useEffect(() => {
    if (!active) return undefined;
    const mark = {};
    holding.add(mark);
    return () => void holding.delete(mark);
  }, [active]);
  return (
    <LeaveQuestion
      opened={status === 'blocked'}
      title={title}
      leave="Leave"
      onStay={() => reset?.()}
      onLeave={() => proceed?.()}
    >
      {children}
    </LeaveQuestion>
  );
}

export interface LeaveQuestionProps extends Omit<LeaveGuardProps, 'active'> {
  readonly opened: boolean;
  /** The verb, on the button. */
  readonly leave: string;
  readonly onStay: () => void;
  readonly onLeave: () => void;
}

/** Above the dialogs: one of them may be what is left. */
const questionZIndex = 250;

/** In a `Modal.Stack` with the dialog that it is about, Escape answers it alone. */
export function LeaveQuestion(props: LeaveQuestionProps): ReactNode {
  const { children, leave, onLeave, onStay, opened, title } = props;
  return (
    <Modal
      opened={opened}
      onClose={onStay}
      title={title}
      stackId={useId()}
      zIndex={questionZIndex}
      closeButtonProps={{ 'aria-label': 'Stay' }}
    >
      <Text>{children}</Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onStay}>
          Stay
        </Button>
        <Button onClick={onLeave}>{leave}</Button>
      </Group>
    </Modal>
  );
}
