import { createHash, timingSafeEqual } from 'node:crypto';
import { formatOperatorToken, makeId, secretBytes } from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import type { Principal, Role } from '../../http/access.ts';
import { ProblemError } from '../../http/problems.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { Actor } from '../audit/index.ts';
import {
  firstOrganization,
  insertOrganization,
  insertToken,
  rememberFirstOrganization,
  tokenByHash,
} from './store.ts';

/** Who calls the operators' API, for which organization, and from where. */
export interface Operator extends Principal {
  readonly actor: Actor;
}

/** An operator's call, as the audit log names it. */
export function operatorOf(call: {
  readonly caller: Principal;
  readonly address: string;
  readonly requestId: string;
}): Operator {
  const { address, caller, requestId } = call;
  return { ...caller, actor: { kind: 'operator', id: caller.id, address, requestId } };
}

export interface NewToken {
  /** The first when left out. */
  readonly organizationId?: string;
  readonly name: string;
  readonly role: Role;
  /** For ever when left out. */
  readonly ttlSeconds?: number;
  /** Id of the person in whose name it is made, else of the token that makes it. */
  readonly createdBy?: string;
}

export interface MadeToken {
  readonly id: string;
  readonly token: string;
}

/** Hears that a token was used. @param knownMs when it was last, as far as it is written down */
export type OnTokenUsed = (id: string, knownMs: number | null) => void;

/** Organizations and the credentials of operators. */
export class Identity {
  readonly #database: Database;
  readonly #random: Random;
  readonly #bootstrapHash: Buffer | undefined;
  readonly #onTokenUsed: OnTokenUsed;
  #firstOrganization: string | undefined;

  /** @param bootstrapToken the setting; only its hash is kept. */
  constructor(
    database: Database,
    random: Random,
    bootstrapToken: string | undefined,
    onTokenUsed: OnTokenUsed = () => undefined,
  ) {
    this.#onTokenUsed = onTokenUsed;
    this.#database = database;
    this.#random = random;
    this.#bootstrapHash = bootstrapToken === undefined ? undefined : sha256(bootstrapToken);
  }

  /** The one that was made first; undefined before {@link start}. */
  get firstOrganizationId(): string | undefined {
    return this.#firstOrganization;
  }

  /** Makes the first organization where there is none. */
  async start(): Promise<void> {
    this.#firstOrganization = await this.#database.transaction(async (tx) => {
      const known = await firstOrganization(tx);
      if (known !== undefined) return known;
      const id = makeId('organization', this.#random.bytes);
      await insertOrganization(tx, { id, name: 'My organization', deviceLimit: null });
      await rememberFirstOrganization(tx, id);
      return id;
    });
  }

  async createOrganization(name: string, deviceLimit: number | null): Promise<string> {
    const id = makeId('organization', this.#random.bytes);
    await this.#database.transaction((tx) => insertOrganization(tx, { id, name, deviceLimit }));
    return id;
  }

  /** Makes an operator token; its text exists in this answer and nowhere else. */
  async createToken(request: NewToken): Promise<MadeToken> {
    return this.#database.transaction((tx) => this.createTokenIn(tx, request));
  }

  /** The same in a transaction that is open. */
  async createTokenIn(tx: Tx, request: NewToken): Promise<MadeToken> {
    const organizationId = request.organizationId ?? this.#firstOrganization;
    if (organizationId === undefined) throw new Error('there is no organization yet');
    const token = formatOperatorToken(this.#random.bytes(secretBytes));
    const id = makeId('operatorToken', this.#random.bytes);
    await insertToken(tx, {
      ...{ id, organization_id: organizationId, name: request.name, role: request.role },
      token_hash: sha256(token).toString('hex'),
      created_at_ms: tx.nowMs,
      expires_at_ms: request.ttlSeconds === undefined ? null : tx.nowMs + request.ttlSeconds * 1000,
      created_by: request.createdBy ?? null,
      last_used_at_ms: null,
    });
    return { id, token };
  }

  /** Throws `token_rejected` alike for an unknown and an expired credential. */
  async authenticateOperator({ credential }: { readonly credential: string }): Promise<Principal> {
    const hash = sha256(credential);
    if (this.#bootstrapHash !== undefined && timingSafeEqual(hash, this.#bootstrapHash)) {
      if (this.#firstOrganization === undefined) throw new ProblemError('not_ready');
      return principal('bootstrap', this.#firstOrganization, 'owner', 'bootstrap token');
    }
    const row = await tokenByHash(this.#database, hash.toString('hex'));
    if (row === undefined) throw new ProblemError('token_rejected');
    if (row.expires_at_ms !== null && row.expires_at_ms <= (await this.#database.nowMs())) {
      throw new ProblemError('token_rejected');
    }
    this.#onTokenUsed(row.id, row.last_used_at_ms);
    return principal(row.id, row.organization_id, row.role, row.name);
  }
}

function principal(id: string, organizationId: string, role: Role, label: string): Principal {
  return { kind: 'operator', id, organizationId, role, label };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
