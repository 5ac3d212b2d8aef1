import {
  type CommandRequest,
  type CommandResponse,
  frameBytesMax,
  reservedActions,
} from '@edgeflow/contract';
import { ProblemError } from '../../http/problems.ts';
import type { Database } from '../../storage/database.ts';
import { insertAudit } from '../audit/index.ts';
import { readDevice } from '../devices/index.ts';
import type { Operator } from '../identity/index.ts';
import type { Call, CallOutcome } from './call.ts';

/** Bytes of a command's frame around its payload: type, id, action and time. */
const envelopeBytesMax = 1024;

/** The way to a device's tunnel, as much of it as commands need. */
export interface CommandTunnel {
  session(deviceId: string): { readonly restricted: boolean } | undefined;
  call(deviceId: string, call: Call): Promise<CallOutcome>;
}

/** Commands of operators to devices, answered in the same call. */
export class Commands {
  readonly #database: Database;
  readonly #tunnel: CommandTunnel;

  constructor(database: Database, tunnel: CommandTunnel) {
    this.#database = database;
    this.#tunnel = tunnel;
  }

  async send(operator: Operator, id: string, request: CommandRequest): Promise<CommandResponse> {
    const { action, payload, timeout_ms: timeoutMs } = request;
    if (reservedActions.includes(action)) throw new ProblemError('command_reserved');
    requireFits(payload);
    const device = await readDevice(this.#database, operator.organizationId, id);
    if (device === undefined) throw new ProblemError('device_not_found');
    const session = this.#tunnel.session(id);
    if (session?.restricted === true) throw new ProblemError('command_refused');

    const outcome = await this.#tunnel.call(id, { action, payload, timeoutMs });
    await this.#record(operator, id, action, outcome);
    switch (outcome.kind) {
      case 'offline':
        throw new ProblemError('device_offline');
      case 'timeout':
        throw new ProblemError('command_timeout');
      case 'answered': {
        const { data, error, status } = outcome.response;
        return {
          id: outcome.id,
          device_id: id,
          action,
          status,
          ...(data === undefined ? {} : { data }),
          ...(error === undefined ? {} : { error }),
          duration_ms: outcome.durationMs,
        };
      }
    }
  }

  /** Who asked what of which device. Payloads and answers may hold anything, so they are not written down. */
  async #record(operator: Operator, id: string, action: string, outcome: CallOutcome): Promise<void> {
    const reasons = { offline: 'device_offline', timeout: 'command_timeout', answered: undefined } as const;
    const reason = reasons[outcome.kind];
    const { organizationId, actor } = operator;
    await this.#database.transaction((tx) =>
      insertAudit(tx, [
        {
          organizationId,
          atMs: tx.nowMs,
          actor,
          action: 'command.send',
          object: { kind: 'device', id },
          outcome: reason === undefined ? 'success' : 'failure',
          ...(reason === undefined ? {} : { reason }),
          detail: { action },
        },
      ]),
    );
  }
}

/** A frame that is too large would end the tunnel instead of reaching the device. */
function requireFits(payload: CommandRequest['payload']): void {
  const bytesMax = frameBytesMax - envelopeBytesMax;
  if (payload === undefined || Buffer.byteLength(JSON.stringify(payload)) <= bytesMax) return;
  throw new ProblemError('body_too_large', {
    detail: `The payload has more than ${String(bytesMax)} bytes, which is what fits into one frame.`,
  });
}
