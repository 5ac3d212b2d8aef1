import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { ProblemError, tooManyAttempts } from '../../http/problems.ts';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import type { KeyAuthenticator } from '../credentials/index.ts';
import { operatorOf } from '../identity/index.ts';
import type { Shadows } from './service.ts';

type Keys = Pick<KeyAuthenticator, 'authenticate'>;

export function shadowRoutes(app: FastifyInstance, shadows: Shadows, keys: Keys): void {
  route(app, operations.readShadow, async (call) => {
    const { address, caller, params, requestId } = call;
    const body =
      caller.kind === 'device'
        ? await shadows.readAsDevice(await ownDevice(keys, caller.apiKey, params.id, address))
        : await shadows.readAsOperator(operatorOf({ caller, address, requestId }), params.id);
    return answer(200, body);
  });

  route(app, operations.updateShadow, async (call) => {
    const { address, caller, params, requestId } = call;
    if (caller.kind === 'device') {
      const device = await ownDevice(keys, caller.apiKey, params.id, address);
      return answer(200, await shadows.writeReported(device, call.body));
    }
    const operator = operatorOf({ caller, address, requestId });
    return answer(200, await shadows.writeDesired(operator, params.id, call.body));
  });
}

/** The device whose key this is, provided that the address names it: another's id and none are answered alike. */
async function ownDevice(keys: Keys, apiKey: string, id: string, address: string): Promise<DeviceRow> {
  const verdict = await keys.authenticate(apiKey, id, address);
  if (verdict.kind === 'refused') {
    const { code, waitSeconds } = verdict;
    throw waitSeconds === undefined ? new ProblemError(code) : tooManyAttempts(waitSeconds);
  }
  if (verdict.restricted) throw new ProblemError('key_expired');
  return verdict.match.device;
}
