import { Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

export function Section({
  children,
  title,
}: {
  readonly title: string;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Stack>
        <Title order={2}>{title}</Title>
        {children}
      </Stack>
    </Paper>
  );
}

/** Says that it was done, also to whoever does not see it. */
export function Saved({
  children = 'Saved.',
  shown,
}: {
  readonly shown: boolean;
  readonly children?: ReactNode;
}): ReactNode {
  return (
    <Text size="sm" role="status">
      {shown ? children : ''}
    </Text>
  );
}
