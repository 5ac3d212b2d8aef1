import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Access } from '@edgeflow/contract';
import { type DeviceCaller, identifyCaller, type Principal } from './access.ts';
import type { HttpContext } from './context.ts';
import { ProblemError } from './problems.ts';

const decorator = 'edgeflowCaller';

/** To be called once for an app, before anybody is recognised. */
export function prepareCallers(app: FastifyInstance): void {
  app.decorateRequest(decorator, undefined);
}

/** Who was recognised last behind a request, whether or not the call was allowed. */
export function callerBehind(request: FastifyRequest): DeviceCaller | Principal | undefined {
  return request.getDecorator<DeviceCaller | Principal | undefined>(decorator);
}

/**
 * Finds out who calls. First before the body is read, so that a stranger's is not; and once more when the body came
 * after that, for it may have taken as long as a request may: whoever was removed, demoted or sent elsewhere meanwhile
 * does nothing with it. A body that came with its headers costs no second look.
 */
export class Recogniser {
  readonly #context: HttpContext;
  readonly #access: Exclude<Access, 'public'>;
  /** Recognised while their body was on its way. */
  readonly #early = new WeakSet<FastifyRequest>();

  constructor(context: HttpContext, access: Exclude<Access, 'public'>) {
    this.#context = context;
    this.#access = access;
  }

  /** @throws ProblemError as {@link identifyCaller} does */
  async recognise(request: FastifyRequest): Promise<DeviceCaller | Principal> {
    const address = this.#context.addresses.of(request.raw);
    const caller = await identifyCaller(this.#access, request, address, this.#context, (found) => {
      request.setDecorator(decorator, found);
    });
    if (!request.raw.complete) this.#early.add(request);
    return caller;
  }

  /** Whether an operator is to be recognised again before the call does anything. The key of a device is judged there. */
  isStale(request: FastifyRequest): boolean {
    return this.#early.has(request) && callerBehind(request)?.kind === 'operator';
  }

  /** @throws ProblemError as {@link recognise}; `forbidden` when the session has gone on in another organization */
  async recogniseAgain(request: FastifyRequest): Promise<void> {
    const before = callerBehind(request);
    const hasGoneOn = (): boolean => {
      const now = callerBehind(request);
      if (before?.kind !== 'operator' || now?.kind !== 'operator') return false;
      return before.organizationId !== now.organizationId;
    };
    try {
      await this.recognise(request);
    } catch (error) {
      if (!hasGoneOn()) throw error;
    }
    if (!hasGoneOn()) return;
    // The refusal is told where the call was begun, whatever the role is in the other organization.
    request.setDecorator(decorator, before);
    throw new ProblemError('forbidden', {
      detail: 'The session has gone on in another organization since this call began',
    });
  }
}
