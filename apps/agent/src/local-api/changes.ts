import type { IncomingMessage } from 'node:http';
import { isMasked, localProvisionRequestSchema, saasConfigUpdateSchema } from '@edgeflow/contract';
import type { ControlOutcome } from '../agent-control.ts';
import { jsonAnswer, type LocalAnswer } from './answer.ts';
import { type Handler, hasToken, type LocalAppDeps } from './handler.ts';
import { type ProblemAnswer, problemResponse } from './problems.ts';
import { isJsonOrEmpty, readBody } from './read-body.ts';

type Change = 'provision' | 'configure' | 'connect' | 'disconnect';

/**
 * The calls that change something. Each has the token, unless the device is known to have no identity at the moment of
 * the change: nothing is awaited between the two.
 */
export function changesOf(deps: LocalAppDeps, problem: ProblemAnswer): Readonly<Record<Change, Handler>> {
  const { control } = deps;
  const lacksToken = (request: IncomingMessage): boolean => control.isProvisioned && !hasToken(deps, request);
  const turn =
    (action: 'connect' | 'disconnect'): Handler =>
    async (request) => {
      if (!isJsonOrEmpty(request)) return problem('media_type_unsupported');
      if (lacksToken(request)) return problem('local_token_required');
      return answerWith(await control[action]());
    };

  return {
    async provision(request) {
      const body = await readBody(request, localProvisionRequestSchema, problem);
      if (!body.ok) return body.answer;
      const { provisioning_code: code, force } = body.value;
      if (control.isProvisioned && !force) return problem('already_provisioned');
      if (lacksToken(request)) return problem('local_token_required');
      return answerWith(await control.provision(code, force));
    },

    async configure(request) {
      if (lacksToken(request)) return problem('local_token_required');
      const body = await readBody(request, saasConfigUpdateSchema, problem);
      if (!body.ok) return body.answer;
      // Decided here: while the body was on its way the device may have got its identity.
      if (lacksToken(request)) return problem('local_token_required');
      const { api_key: apiKey, ...update } = body.value;
      // A client that writes back what it has read sends the masked key.
      const isNewKey = apiKey !== undefined && !isMasked(apiKey);
      return answerWith(await control.configure(isNewKey ? { ...update, api_key: apiKey } : update));
    },

    connect: turn('connect'),
    disconnect: turn('disconnect'),
  };
}

function answerWith<T extends object>(outcome: ControlOutcome<T>): LocalAnswer {
  return outcome.ok ? jsonAnswer(outcome.value) : problemResponse(outcome.problem);
}
