import { pageLimitMax } from '@edgeflow/contract';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { localFailure } from '../failure.ts';
import type { Output } from '../output/output.ts';
import { wholeNumber } from './arguments.ts';

export interface PageOptions {
  readonly limit?: number;
  readonly cursor?: string;
  readonly offset?: number;
  readonly all?: true;
}

interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
  readonly offset?: number;
}

interface PageShape {
  readonly total: number;
  /** Left out, or true: `total` is the whole number. */
  readonly total_is_exact?: boolean;
  readonly next_cursor: string | null;
}

/** Adds what every list takes. */
export function pageOptions(command: Command): Command {
  return command
    .option('--limit <n>', 'rows in one page', wholeNumber)
    .option('--cursor <cursor>', 'go on where the page before ended')
    .option('--offset <n>', 'leave out so many rows', wholeNumber)
    .option('--all', 'every page, one after the other');
}

/**
 * One page, or with `--all` every page from there on as one.
 *
 * @param member of the page that holds its rows.
 */
export async function readPages<
  Member extends string,
  Row,
  Page extends PageShape & Record<Member, readonly Row[]>,
>(
  { all, ...query }: PageOptions,
  member: Member,
  fetchPage: (query: PageQuery) => Promise<Page>,
): Promise<Page> {
  if (all === undefined) return fetchPage(query);
  const first = await fetchPage({ ...query, limit: query.limit ?? pageLimitMax });
  const rows: Row[] = [...first[member]];
  const seen = new Set<string>();
  for (let cursor = first.next_cursor; cursor !== null;) {
    if (seen.has(cursor)) throw goingInCircles();
    seen.add(cursor);
    const page = await fetchPage({ limit: query.limit ?? pageLimitMax, cursor });
    rows.push(...page[member]);
    cursor = page.next_cursor;
  }
  return { ...first, [member]: rows, next_cursor: null };
}

/** Tells people how much of the list they see. */
export function notePage(
  output: Output,
  shown: number,
  { total, total_is_exact: isExact, next_cursor }: PageShape,
): void {
  const more = next_cursor === null ? '' : `; more with --cursor ${next_cursor}, or --all`;
  output.note(`${shown} of ${total}${isExact === false ? ' or more' : ''}${more}`);
}

function goingInCircles(): Error {
  return localFailure('answer_malformed', exitCodes.failed, {
    detail: 'The cloud names the same next page twice',
    nextStep: 'Report it to whoever runs the cloud; --cursor still reads single pages.',
  });
}
