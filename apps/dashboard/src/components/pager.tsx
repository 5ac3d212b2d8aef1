import { Button, Group, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';

const number = new Intl.NumberFormat();

export interface PagerProps {
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
  readonly onOffset: (offset: number) => void;
  /** "devices" */
  readonly noun: string;
}

/** Which part of a list is shown, and the way to the next. */
export function Pager({ total, limit, offset, onOffset, noun }: PagerProps): ReactNode {
  const last = Math.min(offset + limit, total);
  return (
    <Group component="nav" aria-label={`Pages of ${noun}`} justify="space-between" gap="sm">
      <Text size="sm" c="dimmed" role="status">
        {total === 0
          ? `No ${noun}`
          : `${number.format(offset + 1)}–${number.format(last)} of ${number.format(total)} ${noun}`}
      </Text>
      <Group gap="xs">
        <Button
          variant="default"
          leftSection={<IconChevronLeft size={16} aria-hidden />}
          disabled={offset === 0}
          onClick={() => onOffset(Math.max(0, offset - limit))}
        >
          Previous
        </Button>
        <Button
          variant="default"
          rightSection={<IconChevronRight size={16} aria-hidden />}
          disabled={last >= total}
          onClick={() => onOffset(offset + limit)}
        >
          Next
        </Button>
      </Group>
    </Group>
  );
}
