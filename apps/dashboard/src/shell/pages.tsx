import { Button, Container, Group, Skeleton, Stack, Text } from '@mantine/core';
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { IconMapOff } from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import { EmptyState } from '../components/empty-state.tsx';
import { Page } from '../components/page.tsx';
import { ProblemAlert } from '../components/problem-alert.tsx';
import { TextLink } from '../components/text-link.tsx';
import { mayReload, PageGone } from './page-component.ts';

/** Where there is no frame around it. */
export function NotFoundPage(): ReactNode {
  return (
    <Container component="main" size="sm" py="xl">
      <NotFound />
    </Container>
  );
}

/** Within the frame: `throw notFound()` in a page leads here. */
export function NotFound(): ReactNode {
  return (
    <Page title="Not found">
      <EmptyState
        icon={IconMapOff}
        title="There is no page at this address"
        action={
          <Button component={Link} to="/" variant="light">
            To the start
          </Button>
        }
      >
        A link may be cut off, or lead to something that was deleted.
      </EmptyState>
    </Page>
  );
}

/** {@link Failed} where there is no frame around it. */
export function FailedPage(props: ErrorComponentProps): ReactNode {
  return (
    <Container component="main" size="sm" py="xl">
      <Failed {...props} />
    </Container>
  );
}

/** A page that could not be shown: cause and next step. One of which the code is gone is loaded anew. */
export function Failed({ error, reset }: ErrorComponentProps): ReactNode {
  const router = useRouter();
  const isGone = error instanceof PageGone;
  const [isReloading] = useState(() => isGone && mayReload());
  useEffect(() => {
    if (isReloading) globalThis.location.reload();
  }, [isReloading]);
  if (isReloading) return <PendingPage />;
  return (
    <Page title="This page could not be shown">
      <ProblemAlert
        error={error}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
      <Group>
        <TextLink to="/">To the start</TextLink>
      </Group>
    </Page>
  );
}

/** While a page is on its way: its shape, and words for whoever cannot see shapes. */
export function PendingPage(): ReactNode {
  return (
    <Stack gap="md" aria-busy="true">
      <Text className="visually-hidden" role="status">
        Loading
      </Text>
      <Skeleton height={28} width="min(18rem, 60%)" />
      <Skeleton height={14} width="min(30rem, 90%)" />
      <Skeleton height={180} />
    </Stack>
  );
}
