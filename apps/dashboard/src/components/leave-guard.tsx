import { Button, Group, Modal, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useEffect } from 'react';

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
    <Modal
      opened={status === 'blocked'}
      onClose={() => reset?.()}
      title={title}
      closeButtonProps={{ 'aria-label': 'Stay' }}
    >
      <Text>{children}</Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={() => reset?.()}>
          Stay
        </Button>
        <Button onClick={() => proceed?.()}>Leave</Button>
      </Group>
    </Modal>
  );
}
