import type { CreatedToken, CreateTokenRequest, Token } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { sql } from 'kysely';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { OperatorTokenRow } from '../../storage/tables.ts';
import { storableText } from '../../storage/text.ts';
import { insertAudit } from '../audit/index.ts';
import type { Identity, Operator } from '../identity/index.ts';
import { mayManage } from './decide.ts';
import { holdStanding } from './standing.ts';

const dayMs = 24 * 3600 * 1000;

type ShownToken = OperatorTokenRow & { readonly maker: string | null };

/** The operator tokens of an organization, for its programs. */
export class Tokens {
  readonly #database: Database;
  readonly #identity: Identity;

  constructor(database: Database, identity: Identity) {
    this.#database = database;
    this.#identity = identity;
  }

  /** Its text exists in this answer and nowhere else. @throws ProblemError `role_above_own` */
  async create(
    operator: Operator,
    { name, role, ttl_days: days }: CreateTokenRequest,
  ): Promise<CreatedToken> {
    const { actor, organizationId } = operator;
    const life = days === undefined ? {} : { ttlSeconds: (days * dayMs) / 1000 };
    return this.#database.transaction(async (tx) => {
      const { maker, role: own } = await holdStanding(tx, operator);
      if (!mayManage(own, role)) throw new ProblemError('role_above_own');
      const { id, token } = await this.#identity.createTokenIn(tx, {
        ...{ organizationId, name: storableText(name), role, createdBy: maker },
        ...life,
      });
      await insertAudit(tx, [
        {
          ...{ organizationId, atMs: tx.nowMs, actor, action: 'token.create', outcome: 'success' },
          ...{ object: { kind: 'token', id }, detail: { name: storableText(name), role } },
        },
      ]);
      const details = (await tokensOf(tx, organizationId)).find((row) => row.id === id);
      if (details === undefined) throw new Error('the token that was made is missing');
      return { token, details: view(details) };
    });
  }

  async list({ organizationId }: Operator): Promise<Token[]> {
    return (await tokensOf(this.#database, organizationId)).map(view);
  }

  /** @throws ProblemError `token_not_found`, `role_above_own` */
  async revoke(operator: Operator, id: string): Promise<void> {
    const { actor, organizationId } = operator;
    await this.#database.transaction(async (tx) => {
      const { role: own } = await holdStanding(tx, operator);
      const token = (await tokensOf(tx, organizationId)).find((row) => row.id === id);
      if (token === undefined) throw new ProblemError('token_not_found');
      if (!mayManage(own, token.role)) throw new ProblemError('role_above_own');
      await insertAudit(tx, [
        {
          ...{ organizationId, atMs: tx.nowMs, actor, action: 'token.revoke', outcome: 'success' },
          ...{ object: { kind: 'token', id }, detail: { name: token.name, role: token.role } },
        },
      ]);
      // Last: a token that revokes itself is called by its name.
      await tx.db.deleteFrom('operator_tokens').where('id', '=', id).execute();
    });
  }
}

/** The tokens of an organization, newest first, expired ones too. */
export function tokensOf(source: Pick<Database | Tx, 'db'>, organizationId: string): Promise<ShownToken[]> {
  return source.db
    .selectFrom('operator_tokens as tokens')
    .leftJoin('users', 'users.id', 'tokens.created_by')
    .leftJoin('operator_tokens as makers', 'makers.id', 'tokens.created_by')
    .selectAll('tokens')
    .select(sql<string | null>`coalesce(users.name, makers.name, tokens.created_by)`.as('maker'))
    .where('tokens.organization_id', '=', organizationId)
    .orderBy('tokens.created_at_ms', 'desc')
    .orderBy('tokens.id')
    .execute();
}

function view(row: ShownToken): Token {
  return {
    ...{ id: row.id, name: row.name, role: row.role, created_by: row.maker },
    created_at: toRfc3339(row.created_at_ms),
    expires_at: row.expires_at_ms === null ? null : toRfc3339(row.expires_at_ms),
    last_used_at: row.last_used_at_ms === null ? null : toRfc3339(row.last_used_at_ms),
  };
}
