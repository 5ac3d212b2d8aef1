import { ProblemError } from '../http/problems.ts';

/**
 * The place in a list that a cursor leads to; undefined without one.
 *
 * @throws ProblemError for text that is no cursor: the first page once more would send its reader round in circles.
 */
export function readCursor<Place>(
  cursor: string | undefined,
  parse: (cursor: string) => Place | undefined,
): Place | undefined {
  if (cursor === undefined) return undefined;
  const place = parse(cursor);
  if (place !== undefined) return place;
  throw new ProblemError('request_malformed', {
    detail: 'The cursor is not one that this list has given out.',
    errors: [{ field: 'cursor', message: 'must be the next_cursor of an earlier page' }],
  });
}
