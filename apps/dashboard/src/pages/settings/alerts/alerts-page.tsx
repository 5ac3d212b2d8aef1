import { useQueryClient } from '@tanstack/react-query';
import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { Page } from '../../../components/page.tsx';
import { useLiveEvents } from '../../../live/live.tsx';
import { useMayHere } from '../../../session/use-may-here.ts';
import { Deliveries } from './deliveries.tsx';
import { Endpoints } from './endpoints.tsx';
import { Rules } from './rules.tsx';

/** When the fleet tells, and whom. */
export function AlertsPage(): ReactNode {
  return (
    <Page
      title="Alerts"
      description="A rule tells you when devices stay offline, or are about to lose their key: one message an outage, one that it is over."
    >
      <AlertSettings />
    </Page>
  );
}

function AlertSettings(): ReactNode {
  const mayChange = useMayHere('admin');
  const queries = useQueryClient();
  useLiveEvents(['alert.'], () => {
    for (const path of ['/api/v1/alert-deliveries', '/api/v1/alert-endpoints']) {
      void queries.invalidateQueries({ queryKey: ['get', path] });
    }
  });
  return (
    <Stack gap="xl">
      {mayChange ? null : <Text c="dimmed">Administrators change what is here.</Text>}
      <Rules mayChange={mayChange} />
      {mayChange ? <Endpoints /> : null}
      <Deliveries mayChange={mayChange} />
    </Stack>
  );
}
