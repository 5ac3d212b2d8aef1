import { Button, Stack, Table, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { describeDuration, formatTime } from '../../components/time-words.ts';
import { useNow } from '../../components/use-now.ts';
import classes from './presence-history.module.css';
import { closeReasonInWords } from './words.ts';

const days = 7;
const connectionsShown = 500;
const periodMs = 15_000;
const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });

type Connection = Schema<'DeviceConnections'>['connections'][number];

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** When the device was connected: a bar a day, and the same as a table for whoever reads it. */
export function PresenceHistory({ deviceId }: { readonly deviceId: string }): ReactNode {
  const now = useNow(periodMs);
  const [isTable, setTable] = useState(false);
  const history = api.useQuery('get', '/api/v1/devices/{id}/connections', {
    params: { path: { id: deviceId }, query: { limit: connectionsShown } },
  });
  const connections = history.data?.connections ?? [];
  if (history.error !== null && history.data === undefined)
    return <ProblemAlert error={history.error} onRetry={() => void history.refetch()} />;
  if (history.data !== undefined && connections.length === 0)
    return <Text c="dimmed">It has not been connected yet.</Text>;
  const spans = connections.map((one) => spanOf(one, now));
  return (
    <Stack gap="sm">
      <ul className={classes['days']}>
        {lastDays(now).map(({ fromMs, toMs }) => {
          const parts = within(spans, fromMs, toMs);
          const share = Math.round(
            (parts.reduce((sum, part) => sum + part.toMs - part.fromMs, 0) / (Math.min(toMs, now) - fromMs)) *
              100,
          );
          const day = dayFormat.format(fromMs);
          return (
            <li key={fromMs}>
              <span className={classes['day']}>{day}</span>
              <Bar
                parts={parts}
                fromMs={fromMs}
                label={`${day}: connected ${String(share)} % of ${toMs > now ? 'today so far' : 'the day'}`}
              />
              <span className={classes['share']}>{`${String(share)} %`}</span>
            </li>
          );
        })}
      </ul>
      <Button
        variant="subtle"
        size="compact-sm"
        aria-expanded={isTable}
        onClick={() => setTable(!isTable)}
        className={classes['more']}
      >
        {isTable
          ? 'Hide the connections'
          : `Show the last ${String(Math.min(20, connections.length))} connections`}
      </Button>
      {isTable ? <ConnectionTable connections={connections.slice(0, 20)} now={now} /> : null}
    </Stack>
  );
}

function Bar(props: {
  readonly parts: readonly Span[];
  readonly fromMs: number;
  readonly label: string;
}): ReactNode {
  const { fromMs, label, parts } = props;
  return (
    <svg
      viewBox="0 0 1440 12"
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
      className={classes['bar']}
    >
      <rect width="1440" height="12" className={classes['away']} />
      {parts.map((part) => (
        <rect
          key={part.fromMs}
          x={(part.fromMs - fromMs) / 60_000}
          // A moment is seen as well.
          width={Math.max(4, (part.toMs - part.fromMs) / 60_000)}
          height="12"
          className={classes['here']}
        />
      ))}
    </svg>
  );
}

function ConnectionTable(props: {
  readonly connections: readonly Connection[];
  readonly now: number;
}): ReactNode {
  return (
    <Table.ScrollContainer minWidth={460}>
      <Table>
        <Table.Caption className="visually-hidden">Connections, newest first</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>From</Table.Th>
            <Table.Th>For</Table.Th>
            <Table.Th>Address</Table.Th>
            <Table.Th>Ended because</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {props.connections.map((one) => {
            const { fromMs, toMs } = spanOf(one, props.now);
            return (
              <Table.Tr key={one.began_at}>
                <Table.Td>{formatTime(one.began_at)}</Table.Td>
                <Table.Td>{describeDuration(toMs - fromMs)}</Table.Td>
                <Table.Td>{one.address ?? '–'}</Table.Td>
                <Table.Td>{endOf(one)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function endOf({ close_reason: reason, ended_at: endedAt }: Connection): string {
  if (endedAt === null) return 'Still open';
  return reason === null ? 'The next connection began' : closeReasonInWords(reason);
}

function spanOf({ began_at: began, ended_at: ended }: Connection, now: number): Span {
  return { fromMs: Date.parse(began), toMs: ended === null ? now : Date.parse(ended) };
}

/** The days that end now, in the viewer's zone, newest first. */
function lastDays(now: number): Span[] {
  const today = new Date(now);
  today.setHours(0, 0, 0, 0);
  return Array.from({ length: days }, (_, back) => {
    const from = new Date(today);
    from.setDate(from.getDate() - back);
    const to = new Date(from);
    to.setDate(to.getDate() + 1);
    return { fromMs: from.getTime(), toMs: to.getTime() };
  });
}

/** What of spans, newest first, lies in a day; what touches becomes one. */
function within(spans: readonly Span[], fromMs: number, toMs: number): Span[] {
  const parts: Span[] = [];
  for (const span of spans.toReversed()) {
    const part = { fromMs: Math.max(span.fromMs, fromMs), toMs: Math.min(span.toMs, toMs) };
    if (part.fromMs >= part.toMs) continue;
    const last = parts.at(-1);
    if (last !== undefined && part.fromMs <= last.toMs)
      parts.splice(-1, 1, { fromMs: last.fromMs, toMs: Math.max(last.toMs, part.toMs) });
    else parts.push(part);
  }
  return parts;
}
