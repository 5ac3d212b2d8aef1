import {
  jsonDepthMax,
  type Operation,
  type OperationName,
  operations,
  problemSchema,
} from '@edgeflow/contract';
import { toJSONSchema } from 'zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../testing/api-client.ts';
import { firstOwner } from '../testing/people.ts';
import { startTestCloud, type TestCloud } from '../testing/test-cloud.ts';

const withBody = (Object.keys(operations) as OperationName[]).filter((name) => 'body' in operations[name]);
const levelsMax = 50_000;
/** What may be nested in JSON. Numbers as names are kept apart by V8, which walks through them in other ways. */
const brackets = [
  ['[', ']'],
  ['{"a":', '}'],
  ['{"0":', '}'],
] as const;

function nested([open, close]: (typeof brackets)[number], levels: number): string {
  return `${open.repeat(levels)}1${close.repeat(levels)}`;
}

/** The names of a body's members, and of those within them. */
function membersOf({ body }: Operation): string[] {
  if (body === undefined) throw new Error('it has no body');
  const { $defs = {}, ...schema } = toJSONSchema(body, { io: 'input' });
  return [schema, ...Object.values($defs)].flatMap(({ properties = {} }) => Object.keys(properties));
}

function bytesMaxOf(name: OperationName): number {
  const { bodyBytesMax }: Operation = operations[name];
  return bodyBytesMax ?? (name === 'provisionDevice' ? 16 * 1024 : 256 * 1024);
}

describe('JSON that is nested deeply', () => {
  let cloud: TestCloud;
  let id: string;
  let person: ApiClient;
  beforeAll(async () => {
    cloud = await startTestCloud('sqlite');
    person = await firstOwner(cloud);
    ({ device_id: id } = await cloud.owner.call('createDevice', 201, { body: {} }));
  });
  afterAll(() => cloud.discard());

  /** Gives `"<status> <code>"`, and the fields that are named. */
  async function send(name: OperationName, body: string): Promise<string> {
    const caller = operations[name].access === 'person' ? person : cloud.owner;
    const headers = { 'content-type': 'application/json' };
    const response = await caller.raw(name, { id, headers }, { body });
    const problem = problemSchema.parse(await response.json());
    const fields = problem.errors?.map(({ field }) => field).join(',');
    return `${String(response.status)} ${problem.code} ${fields ?? ''}`;
  }

  it.each(withBody)('overwhelms nobody as a member of %s', async (name) => {
    const members = membersOf(operations[name]);
    expect(members).not.toEqual([]);
    for (const pair of brackets) {
      const room = Math.floor((bytesMaxOf(name) - 100) / pair.join('').length);
      const deep = nested(pair, Math.min(levelsMax, room));
      for (const member of members) {
        for (const value of [deep, `[${deep}]`]) {
          const sent = await send(name, `{"${member}":${value}}`);
          expect(Number(sent.slice(0, 3)), `${member} ${pair.join('')}: ${sent}`).toBeLessThan(500);
        }
      }
    }
  });

  it.each(['createBatch', 'checkBatch'] as const)('is named as the row of %s that it is', async (name) => {
    for (const levels of [jsonDepthMax + 1, 6_000]) {
      const rows = `[{"name":"a"},${nested(brackets[2], levels)}]`;
      expect(await send(name, `{"rows":${rows}}`)).toBe('400 request_malformed rows.1');
    }
  });
});
