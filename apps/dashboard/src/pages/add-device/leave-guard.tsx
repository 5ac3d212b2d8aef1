import { Button, Group, Modal, Text } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** Asks before a page is left whose secret will not be shown again. Closing the tab is asked by the browser itself. */
export function LeaveGuard({ active }: { readonly active: boolean }): ReactNode {
  const { proceed, reset, status } = useBlocker({
    shouldBlockFn: ({ current, next }) => active && current.pathname !== next.pathname,
    enableBeforeUnload: () => active,
    withResolver: true,
  });
  return (
    <Modal
      opened={status === 'blocked'}
      onClose={() => reset?.()}
      title="Leave without it?"
      closeButtonProps={{ 'aria-label': 'Stay' }}
    >
      <Text>
        It is shown this once, and has been neither copied nor saved here. If it is not on the device yet, you
        will need a new one.
      </Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={() => reset?.()}>
          Stay
        </Button>
        <Button onClick={() => proceed?.()}>Leave</Button>
      </Group>
    </Modal>
  );
}
