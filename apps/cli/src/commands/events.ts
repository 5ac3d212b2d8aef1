import { eventSchema } from '@edgeflow/contract';
import { printable, printableJson } from '@edgeflow/platform';
import type { Command } from 'commander';
import * as z from 'zod';
import { type Break, followEvents } from '../client/follow.ts';
import type { ServerSentEvent } from '../client/sse.ts';
import type { Session } from '../session.ts';
import { wholeNumber } from './arguments.ts';

interface FollowOptions {
  readonly after?: string;
  readonly count?: number;
}

/** A newer cloud may send types that this program does not know: they are shown like any other. */
const shownEventSchema = eventSchema.extend({ type: z.string() });

/** `edgeflow events` */
export function addEventsCommand(program: Command, session: Session): void {
  program
    .command('events')
    .description('follow what happens, one line an event; goes on where it was after a break')
    .option('--after <id>', 'begin after the event with this id instead of now')
    .option('--count <n>', 'stop after so many events', wholeNumber)
    .action((options: FollowOptions) => follow(session, options));
}

async function follow(session: Session, { after, count }: FollowOptions): Promise<void> {
  const { clock, timers, random } = session.deps;
  const client = await session.connect();
  const events = followEvents(
    {
      clock,
      timers,
      random,
      open: (lastEventId) => client.openEvents(lastEventId),
      onBreak: (broken) => session.output.note(breakText(broken)),
    },
    after,
  );
  let left = count ?? Number.POSITIVE_INFINITY;
  if (left <= 0) return;
  for await (const event of events) {
    showEvent(session, event);
    left -= 1;
    if (left <= 0) return;
  }
}

function showEvent({ output }: Session, { id, type, data }: ServerSentEvent): void {
  const document = parseJson(data);
  const event = shownEventSchema.safeParse(document);
  output.line({ id, type, ...(document ?? { data }) }, () =>
    event.success
      ? [id, event.data.at, event.data.type, event.data.object, printableJson(event.data.data)]
          .map(printable)
          .join('  ')
      : [id, type, data].map(printable).join('  '),
  );
}

function breakText({ failure, delayMs, resumeAfter }: Break): string {
  const why = failure?.facts.detail ?? 'The cloud ended the stream';
  const where = resumeAfter === undefined ? 'with what happens then' : `after event ${resumeAfter}`;
  return `${why}; going on ${where} in ${Math.ceil(delayMs / 1000)} s`;
}

function parseJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
