import type { Organization, UpdateOrganizationRequest } from '@edgeflow/contract';
import type { Database } from '../../storage/database.ts';
import { storableText } from '../../storage/text.ts';
import { insertAudit } from '../audit/index.ts';
import type { Operator } from '../identity/index.ts';
import { readOrganization, updateOrganization } from './store.ts';

/** What operators see and change of their own organization. */
export class Organizations {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  read({ organizationId }: Operator): Promise<Organization> {
    return readOrganization(this.#database, organizationId);
  }

  /** A change that changes nothing leaves no trace. */
  async update(operator: Operator, request: UpdateOrganizationRequest): Promise<Organization> {
    const { actor, organizationId } = operator;
    return this.#database.transaction(async (tx) => {
      const before = await readOrganization(tx, organizationId);
      const name = request.name === undefined ? before.name : storableText(request.name);
      const { clone_policy = before.clone_policy, code_groups = before.code_groups } = request;
      const { code_ttl_seconds = before.code_ttl_seconds } = request;
      const change = { name, clone_policy, code_groups, code_ttl_seconds };
      const after = { ...before, ...change };
      const members = ['name', 'clone_policy', 'code_groups', 'code_ttl_seconds'] as const;
      if (members.every((member) => after[member] === before[member])) return before;
      await updateOrganization(tx, organizationId, change);
      const object = { kind: 'organization', id: organizationId };
      const detail = { ...change, clone_policy_before: before.clone_policy };
      await insertAudit(tx, [
        {
          ...{ organizationId, atMs: tx.nowMs, actor, object, detail },
          action: 'organization.update',
          outcome: 'success',
        },
      ]);
      return after;
    });
  }
}
