import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import {
  errorEntry,
  type Operation,
  type OperationName,
  operations,
  problemSchema,
  type Role,
} from '@edgeflow/contract';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roles } from '../http/access.ts';
import { databaseKinds } from '../storage/testing/databases.ts';
import { type ApiClient, Browser, type CallInput } from '../testing/api-client.ts';
import { eventuallyTrue } from '../testing/eventually.ts';
import { firstOwner, newMember } from '../testing/people.ts';
import { startTestCloud, type TestCloud } from '../testing/test-cloud.ts';
import { notFoundOf, validBodies } from '../testing/valid-bodies.ts';

/**
 * Every operation of the contract, called by everybody: each role by token and by session, a stranger who owns another
 * organization, and nobody. What comes out is docs/roles.md; `UPDATE_DOCS=1` writes it anew.
 */

const document = new URL('../../../../docs/roles.md', import.meta.url);
const names = Object.keys(operations) as OperationName[];
/** Codes with which whoever calls is refused for who they are. */
const refusals = [
  'token_rejected',
  'key_rejected',
  'session_missing',
  'forbidden',
  'session_required',
  'cross_site',
];
const ways = ['token', 'session'] as const;
type Way = (typeof ways)[number];

/** Rows that every request may leave behind; the rest must stay as it is when a call is refused. */
const wandering = ['audit_log', 'sessions', 'server_facts', 'guesses'];

function leastRole(name: OperationName): Role | undefined {
  const { access }: Operation = operations[name];
  return roles.find((role) => access.endsWith(role));
}

/** Whether the contract lets this role call, in this way. */
function isAllowed(name: OperationName, role: Role, way: Way): boolean {
  const { access }: Operation = operations[name];
  if (access === 'public') return true;
  if (access === 'person') return way === 'session';
  return roles.indexOf(role) >= roles.indexOf(leastRole(name) ?? 'owner');
}

/** What is seen of one operation. */
interface Row {
  anonymous: string;
  stranger: string;
  readonly byRole: Record<string, string>;
}

describe.each(databaseKinds)('who may call what, on %s', (kind) => {
  let cloud: TestCloud;
  const tokens = new Map<Role, string>();
  const browsers = new Map<Role, Browser>();
  const strangers = new Map<Way, ApiClient>();
  /** Part of a path → an id of ours behind it. */
  const ids = new Map<string, string>();
  const rows = new Map<OperationName, Row>();
  const marks: string[] = [];
  const rowOf = (name: OperationName): Row => {
    const row = rows.get(name) ?? { anonymous: '', stranger: '', byRole: {} };
    rows.set(name, row);
    return row;
  };

  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    await makeOurs();
    await makeStrangers();
  }, 120_000);
  afterAll(() => cloud.discard());

  async function makeOurs(): Promise<void> {
    const first = new Browser();
    const owner = await firstOwner(cloud, first);
    browsers.set('owner', first);
    for (const role of roles) {
      tokens.set(role, await cloud.token(role));
      if (role === 'owner') continue;
      const browser = new Browser();
      await newMember(cloud, owner, `${role}@example.org`, role, browser);
      browsers.set(role, browser);
    }
    const device = await owner.call('createDevice', 201, { body: { name: 'mark-device' } });
    const { codes } = await owner.call('createCodes', 201, { body: { name: 'mark-code' } });
    const { members } = await owner.call('listMembers', 200);
    const invitation = await owner.call('createInvitation', 201, {
      body: { email: 'mark@example.org', role: 'viewer' },
    });
    const token = await owner.call('createToken', 201, { body: { name: 'mark-token', role: 'viewer' } });
    const { sessions } = await owner.call('listSessions', 200);
    const rule = await owner.call('createAlertRule', 201, { body: validBodies.createAlertRule });
    const { endpoint } = await owner.call('createAlertEndpoint', 201, {
      body: validBodies.createAlertEndpoint,
    });
    const delivery = await owner.call('testAlertEndpoint', 202, { id: endpoint.id });
    const tagging = { change: { action: 'add_tags', tags: ['wet'] }, device_ids: [device.device_id] };
    const bulk = await owner.call('changeDevices', 202, { body: { ...tagging, expected_count: 1 } });
    await eventuallyTrue('the devices are changed', async () => {
      return (await owner.call('readBulk', 200, { id: bulk.id })).state === 'finished';
    });
    const batch = await owner.call('createBatch', 201, { body: { name: 'mark-batch', count: 2 } });
    await eventuallyTrue('the batch is made', async () => {
      return (await owner.call('readBatch', 200, { id: batch.id })).status === 'ready';
    });
    const viewer = members.find(({ role }) => role === 'viewer');
    const entries: [string, string | undefined][] = [
      ['devices', device.device_id],
      ['devices/bulk', bulk.id],
      ['provisioning-codes', codes[0]?.id],
      ['members', viewer?.id],
      ['invitations', invitation.invitation.id],
      ['tokens', token.details.id],
      ['account/sessions', sessions[0]?.id],
      ['batches', batch.id],
      ['alert-rules', rule.id],
      ['alert-endpoints', endpoint.id],
      ['alert-deliveries', delivery.id],
    ];
    for (const [part, id] of entries) ids.set(part, id ?? '');
    marks.push(
      'mark-device',
      'mark-batch',
      'mark-code',
      'mark-token',
      'mark@example.org',
      'ada@example.org',
      ...ids.values(),
    );
  }

  async function makeStrangers(): Promise<void> {
    const elsewhere = await cloud.cloud.identity.createOrganization('Elsewhere', null);
    const token = cloud.client(await cloud.token('owner', elsewhere));
    strangers.set('token', token);
    strangers.set('session', await newMember(cloud, token, 'stranger@example.org', 'owner'));
  }

  const partOf = (name: OperationName): string | undefined =>
    /^\/api\/v1\/(.+?)\/:id/.exec(operations[name].path)?.[1];
  /** A call that would do, of something of ours, or of nothing. */
  const inputOf = (name: OperationName, ours: boolean): CallInput => {
    const part = partOf(name);
    const id = part === undefined ? {} : { id: ours ? (ids.get(part) ?? 'none') : 'none' };
    const body = validBodies[name];
    return { ...id, ...(body === undefined ? {} : { body }) };
  };

  /** `yes`, or why whoever calls was refused. */
  async function verdict(client: ApiClient, name: OperationName, input: CallInput): Promise<string> {
    const response = await client.raw(name, input);
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
      await response.body?.cancel();
      return 'yes';
    }
    const text = await response.text();
    if (response.ok) return 'yes';
    const { code } = problemSchema.parse(JSON.parse(text));
    expect(response.status, `${name}: ${text}`).toBeLessThan(500);
    return refusals.includes(code) ? `${String(response.status)} ${code}` : 'yes';
  }

  /** Somebody of ours. A person gets a session of their own: some calls end it. */
  async function callerOf(role: Role, way: Way): Promise<ApiClient> {
    if (way === 'token') return cloud.client(tokens.get(role));
    const email = role === 'owner' ? 'ada@example.org' : `${role}@example.org`;
    const secret = await cloud.cloud.people.setup.makeSignInLink(email);
    const person = cloud.person();
    await person.call('signInByLink', 200, { body: { secret } });
    return person;
  }

  it('knows an id of ours behind every address that takes one', () => {
    const unknown = names.filter((name) => !ids.has(partOf(name) ?? 'devices'));
    expect(unknown, 'make one in makeOurs()').toEqual([]);
    const bodies = names.filter((name) => 'body' in operations[name] && validBodies[name] === undefined);
    expect(bodies, 'add one to valid-bodies.ts').toEqual([]);
  });

  it('whoever is refused is told why, and nothing of ours changes', async () => {
    const before = await dump(cloud);
    for (const name of names) {
      const { access }: Operation = operations[name];
      const nobody = await verdict(cloud.client(), name, inputOf(name, access !== 'public'));
      const missing = access.startsWith('device_or_') ? '401 key_rejected' : '401 token_rejected';
      expect(nobody, `${name} by nobody`).toBe(access === 'public' ? 'yes' : missing);
      rowOf(name).anonymous = nobody === 'yes' ? 'yes' : '401';
      for (const role of roles) {
        for (const way of ways) {
          if (isAllowed(name, role, way)) continue;
          const client = way === 'token' ? cloud.client(tokens.get(role)) : cloud.person(browsers.get(role));
          const wanted = access === 'person' ? '403 session_required' : '403 forbidden';
          expect(await verdict(client, name, inputOf(name, true)), `${name} as ${role} by ${way}`).toBe(
            wanted,
          );
          rowOf(name).byRole[`${role} ${way}`] = '403';
        }
      }
    }
    expect(await dump(cloud)).toEqual(before);
  }, 120_000);

  it('a stranger finds nothing of ours, by id or in a list', async () => {
    const before = await dump(cloud);
    const reads = names.filter((name) => operations[name].method === 'GET' && partOf(name) === undefined);
    for (const name of reads) {
      for (const [way, client] of strangers) {
        if (!isAllowed(name, 'owner', way) || name === 'streamEvents') continue;
        const response = await client.raw(name);
        const text = await response.text();
        expect(response.status, `${name}: ${text}`).toBe(200);
        expect(
          marks.filter((mark) => text.includes(mark)),
          `${name} by ${way}`,
        ).toEqual([]);
      }
    }
    for (const name of names.filter((one) => operations[one].path.includes(':id'))) {
      for (const [way, client] of strangers) {
        if (!isAllowed(name, 'owner', way)) continue;
        expect(await client.refusal(name, inputOf(name, true)), `${name} by ${way}`).toBe(notFoundOf(name));
      }
      rowOf(name).stranger = '404';
    }
    expect(await dump(cloud)).toEqual(before);
    for (const name of names) rowOf(name).stranger ||= operations[name].access === 'public' ? 'yes' : 'own';
  }, 120_000);

  it('everybody else is let in', async () => {
    const last: OperationName = 'leaveOrganization';
    for (const name of [...names.filter((one) => one !== last), last]) {
      for (const role of roles) {
        for (const way of ways) {
          if (!isAllowed(name, role, way)) continue;
          const client = await callerOf(role, way);
          expect(await verdict(client, name, inputOf(name, false)), `${name} as ${role} by ${way}`).toBe(
            'yes',
          );
          rowOf(name).byRole[`${role} ${way}`] = 'yes';
        }
      }
    }
  }, 240_000);

  it('docs/roles.md tells it', () => {
    const told = table(rows);
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(document, told);
    expect(existsSync(document) ? readFileSync(document, 'utf8') : '').toBe(told);
  });
});

/** Every row that a refused call must leave alone. */
async function dump(cloud: TestCloud): Promise<Record<string, unknown>> {
  const tables = await cloud.database.db.introspection.getTables();
  const dumps: Record<string, unknown> = {};
  for (const { name } of tables.filter((one) => !wandering.includes(one.name))) {
    const { rows } = await sql`select * from ${sql.table(name)} order by 1`.execute(cloud.database.db);
    // When a token was last used is written behind.
    dumps[name] =
      name === 'operator_tokens' ? rows.map((row) => ({ ...(row as object), last_used_at_ms: 0 })) : rows;
  }
  return dumps;
}

function table(rows: ReadonlyMap<OperationName, Row>): string {
  const head = ['call', 'nobody', ...roles, 'by token', 'stranger'];
  const lines = names.map((name) => {
    const row = rows.get(name);
    const { method, path }: Operation = operations[name];
    const by = (role: Role, way: Way): string => row?.byRole[`${role} ${way}`] ?? '?';
    const cells = roles.map((role) => by(role, 'session'));
    const token = roles.every((role) => by(role, 'token') === by(role, 'session')) ? 'alike' : '403';
    return [
      `\`${method} ${path.replace('/api/v1', '')}\``,
      row?.anonymous ?? '?',
      ...cells,
      token,
      row?.stranger ?? '?',
    ];
  });
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return `# Who may call what

Made by \`apps/cloud/src/features/roles.test.ts\`, which makes every one of these calls, on SQLite and on PostgreSQL:
\`UPDATE_DOCS=1 npx vitest run apps/cloud/src/features/roles.test.ts\` writes it anew, and the test fails when it is not
what happens. _yes_: whoever calls is let in; what is asked for may still be refused for what it is. _401_ and _403_: they
are refused for who they are, and nothing changes. _by token_: whether an operator token of that role is answered like a
person who is signed in. _stranger_: an owner of another organization; \`404\`: things of ours are as if they were not there,
_own_: only what is theirs is seen.

${[line(head), rule, ...lines.map(line)].join('\n')}
`;
}

it('refusals are statuses of the catalogue', () => {
  for (const code of refusals) expect([401, 403]).toContain(errorEntry(code as 'forbidden').status);
});
