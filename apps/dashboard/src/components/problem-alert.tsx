import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { describeFailure } from '../api/problem.ts';

export interface ProblemAlertProps {
  /** Whatever was thrown; nothing is shown for null and undefined. */
  readonly error: unknown;
  /** Offered where asking again may help. */
  readonly onRetry?: (() => void) | undefined;
}

/** Cause and next step of a failure, in the words of the catalogue. Read out when it appears. */
export function ProblemAlert({ error, onRetry }: ProblemAlertProps): ReactNode {
  if (error === null || error === undefined) return null;
  const { title, detail, next_step: nextStep, request_id: requestId } = describeFailure(error);
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={title} role="alert">
      {detail === title ? null : <Text size="sm">{detail}</Text>}
      <Text size="sm">{nextStep}</Text>
      <Group mt={onRetry === undefined && requestId === '' ? 0 : 'xs'} gap="md">
        {onRetry === undefined ? null : (
          <Button size="compact-sm" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
        {requestId === '' ? null : (
          <Text size="xs" c="dimmed" ff="monospace">
            {requestId}
          </Text>
        )}
      </Group>
    </Alert>
  );
}
