import { Container, Group, Paper, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiProblem } from '../../api/problem.ts';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { Mark } from '../../shell/mark.tsx';

export interface EntranceProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of pages for whoever is not signed in. */
export function Entrance({ children, description, title }: EntranceProps): ReactNode {
  return (
    <Container component="main" size={460} py="xl">
      <Stack gap="lg">
        <Group gap="xs">
          <Mark />
          <Text fw={620}>EdgeFlow</Text>
        </Group>
        <Paper withBorder p={{ base: 'md', xs: 'lg' }}>
          <Page title={title} description={description}>
            {children}
          </Page>
        </Paper>
      </Stack>
    </Container>
  );
}

const secondMs = 1_000;
const minuteMs = 60_000;

/** Why it was refused; where the cloud says when it may be tried again, that too. */
export function Refusal({ error }: { readonly error: unknown }): ReactNode {
  const waitMs = error instanceof ApiProblem ? error.retryAfterMs : undefined;
  return (
    <>
      <ProblemAlert error={error} />
      {waitMs === undefined ? null : <Text size="sm">Try again in {inWords(waitMs)}.</Text>}
    </>
  );
}

function inWords(ms: number): string {
  if (ms < minuteMs) return `${String(Math.ceil(ms / secondMs))} seconds`;
  const minutes = Math.ceil(ms / minuteMs);
  return minutes === 1 ? 'a minute' : `${String(minutes)} minutes`;
}
