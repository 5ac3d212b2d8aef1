import { Button, Group, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';

const number = new Intl.NumberFormat();

export interface PageTurnerProps {
  readonly total: number;
  /** Devices before this page. */
  readonly from: number;
  readonly shown: number;
  readonly onPrevious: (() => void) | undefined;
  readonly onNext: (() => void) | undefined;
}

/** Which part of the list is shown. Pages are turned by cursors, so that nothing is missed while devices come and go. */
export function PageTurner({ from, onNext, onPrevious, shown, total }: PageTurnerProps): ReactNode {
  return (
    <Group component="nav" aria-label="Pages of devices" justify="space-between" gap="sm">
      <Text size="sm" c="dimmed" role="status">
        {`${number.format(from + 1)}–${number.format(from + shown)} of ${number.format(total)}`}
      </Text>
      <Group gap="xs">
        <Button
          variant="default"
          leftSection={<IconChevronLeft size={16} aria-hidden />}
          disabled={onPrevious === undefined}
          onClick={onPrevious}
        >
          Previous
        </Button>
        <Button
          variant="default"
          rightSection={<IconChevronRight size={16} aria-hidden />}
          disabled={onNext === undefined}
          onClick={onNext}
        >
          Next
        </Button>
      </Group>
    </Group>
  );
}
