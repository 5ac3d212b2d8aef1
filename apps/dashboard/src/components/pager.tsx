import { Button, Group, Text } from '@mantine/core';
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react';
import type { ReactNode } from 'react';

const number = new Intl.NumberFormat();

export interface PagerProps {
  readonly total: number;
  /** False where only so many were counted, and there may be more. */
  readonly isExact?: boolean;
  readonly limit: number;
  /** How many there are on this page. */
  readonly shown: number;
  readonly offset: number;
  readonly onOffset: (offset: number) => void;
  /** "devices" */
  readonly noun: string;
}

/** Which part of a list is shown, and the way to the next. Beyond what was counted it goes on as long as pages are full. */
export function Pager(props: PagerProps): ReactNode {
  const { isExact = true, limit, noun, offset, onOffset, shown, total } = props;
  const last = offset + shown;
  const isLast = isExact ? last >= total : shown < limit;
  return (
    <Group component="nav" aria-label={`Pages of ${noun}`} justify="space-between" gap="sm">
      <Text size="sm" c="dimmed" role="status">
        {rangeOf(props)}
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
          disabled={isLast}
          onClick={() => onOffset(offset + limit)}
        >
          Next
        </Button>
      </Group>
    </Group>
  );
}

function rangeOf({ isExact = true, noun, offset, shown, total }: PagerProps): string {
  if (total === 0) return `No ${noun}`;
  const count = `${number.format(total)}${isExact ? '' : '+'} ${noun}`;
  return shown === 0
    ? `None here, of ${count}`
    : `${number.format(offset + 1)}–${number.format(offset + shown)} of ${count}`;
}
