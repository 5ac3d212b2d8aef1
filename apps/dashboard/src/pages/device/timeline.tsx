import { Button, Skeleton, Stack, Text, Timeline as Line } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { When } from '../../components/when.tsx';
import { closeReasonInWords, happeningInWords } from './words.ts';

const entriesPerPage = 50;

type Entry = Schema<'DeviceTimeline'>['entries'][number];

/** Everything that happened to the device, newest first. */
export function Timeline({ deviceId }: { readonly deviceId: string }): ReactNode {
  const timeline = useInfiniteQuery({
    queryKey: ['get', '/api/v1/devices/{id}/timeline', deviceId],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam: cursor, signal }) => {
      const query = { limit: entriesPerPage, ...(cursor === undefined ? {} : { cursor }) };
      const { data } = await client.GET('/api/v1/devices/{id}/timeline', {
        params: { path: { id: deviceId }, query },
        signal,
      });
      if (data === undefined) throw new Error('the timeline came without a body');
      return data;
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  if (timeline.data === undefined) {
    return timeline.error === null ? (
      <Skeleton height={240} />
    ) : (
      <ProblemAlert error={timeline.error} onRetry={() => void timeline.refetch()} />
    );
  }
  const entries = timeline.data.pages.flatMap((page) => page.entries);
  if (entries.length === 0) return <Text c="dimmed">Nothing has happened to this device yet.</Text>;
  return (
    <Stack gap="md" align="flex-start">
      <Line bulletSize={14} lineWidth={2} active={-1}>
        {entries.map((entry) => (
          <Line.Item key={entry.id} title={happeningInWords(entry)}>
            <Text size="sm" c="dimmed">
              <When at={entry.at} as="exact" /> · {whoInWords(entry)}
            </Text>
            <Detail entry={entry} />
          </Line.Item>
        ))}
      </Line>
      <ProblemAlert error={timeline.error} />
      {timeline.hasNextPage ? (
        <Button
          variant="default"
          loading={timeline.isFetchingNextPage}
          onClick={() => void timeline.fetchNextPage()}
        >
          Show earlier
        </Button>
      ) : (
        <Text size="sm" c="dimmed">
          This is the beginning.
        </Text>
      )}
    </Stack>
  );
}

function whoInWords({ actor, address }: Entry): string {
  const who = {
    operator: `by ${actor.id}`,
    device: 'by the device',
    system: 'by the cloud',
    anonymous: 'by somebody unknown',
  }[actor.kind];
  return address === null ? who : `${who} from ${address}`;
}

function Detail({ entry }: { readonly entry: Entry }): ReactNode {
  const { detail, outcome, reason } = entry;
  const close = detail['close_reason'];
  const code = detail['code_id'];
  return (
    <>
      {outcome === 'failure' && reason !== null ? <Text size="sm">Refused: {reason}</Text> : null}
      {typeof close === 'string' ? <Text size="sm">{closeReasonInWords(close)}</Text> : null}
      {typeof detail['key_id'] === 'string' ? (
        <Text size="sm">
          Key <code>{detail['key_id']}</code>
        </Text>
      ) : null}
      {typeof code === 'string' ? (
        <Text size="sm">
          Code <code>{code}</code>
        </Text>
      ) : null}
      {typeof detail['bulk_id'] === 'string' ? (
        <Text size="sm">With others, in one change to many</Text>
      ) : null}
    </>
  );
}
