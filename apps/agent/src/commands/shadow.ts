import { type JsonObject, problemSchema, type Shadow, shadowSchema } from '@edgeflow/contract';
import {
  type CloudAnswer,
  type CloudRequest,
  type CloudTransport,
  TransportError,
} from '../net/transport.ts';
import type { TunnelCredential } from '../tunnel/model.ts';
import { CommandError } from './runner.ts';

const shadowTimeoutSeconds = 15;

/** The device's own shadow, over HTTPS with its key (wire contract, section 2). */
export class ShadowClient {
  readonly #transport: Pick<CloudTransport, 'request'>;

  constructor(transport: Pick<CloudTransport, 'request'>) {
    this.#transport = transport;
  }

  /** @throws CommandError */
  read(credential: TunnelCredential, signal?: AbortSignal): Promise<Shadow> {
    return this.#exchange(credential, { method: 'GET', signal });
  }

  /** Merges into `reported`; `null` deletes a key. @throws CommandError */
  report(credential: TunnelCredential, reported: JsonObject, signal?: AbortSignal): Promise<Shadow> {
    return this.#exchange(credential, { method: 'PUT', body: JSON.stringify({ reported }), signal });
  }

  async #exchange(
    credential: TunnelCredential,
    {
      method,
      body,
      signal,
    }: { method: CloudRequest['method']; body?: string; signal: AbortSignal | undefined },
  ): Promise<Shadow> {
    const answer = await this.#request({
      method,
      path: `/api/v1/devices/${encodeURIComponent(credential.deviceId)}/shadow`,
      headers: {
        'x-api-key': credential.apiKey,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      timeoutMs: shadowTimeoutSeconds * 1000,
      ...(signal === undefined ? {} : { signal }),
    });
    if (answer.status !== 200) throw refusal(answer);
    const shadow = shadowSchema.safeParse(parseJson(answer.body)).data;
    if (shadow === undefined)
      throw new CommandError('answer_malformed', 'the shadow of the cloud cannot be read');
    return shadow;
  }

  async #request(request: CloudRequest): Promise<CloudAnswer> {
    try {
      return await this.#transport.request(request);
    } catch (error) {
      if (error instanceof TransportError) throw new CommandError(error.code, error.message);
      throw error;
    }
  }
}

function refusal(answer: CloudAnswer): CommandError {
  const problem = problemSchema.safeParse(parseJson(answer.body)).data;
  if (problem !== undefined) return new CommandError(problem.code, problem.detail);
  return new CommandError('not_the_cloud', `the shadow was answered with status ${String(answer.status)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
