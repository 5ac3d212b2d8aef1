import type { CloudNode } from '../cloud/cloud-node.ts';
import type { World } from './world.ts';

export interface OperatorAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Looks at an answer at the moment at which it is given. */
type OperatorWatch = (method: string, path: string, status: number, body: unknown) => void;

const retryMs = 700;

/** A person with an owner's token, who tries again until the cloud has answered. */
export class Operator {
  readonly #world: World;
  readonly #cloud: CloudNode;
  readonly #answered: OperatorWatch;

  constructor(world: World, cloud: CloudNode, answered: OperatorWatch) {
    this.#world = world;
    this.#cloud = cloud;
    this.#answered = answered;
  }

  /** One call until it has an answer that is no failure of the cloud's. */
  async call(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<OperatorAnswer> {
    for (;;) {
      const answer = await this.#attempt(method, path, body);
      if (answer !== undefined && answer.status < 500) return answer;
      await this.sleep(retryMs);
    }
  }

  async makeCodes(count: number, more: object = {}): Promise<string[]> {
    const { body } = await this.call('POST', '/api/v1/provisioning-codes', { count, ...more });
    return (body as { codes: { code: string }[] }).codes.map(({ code }) => code);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#world.time.after(ms, resolve);
    });
  }

  /** undefined: the cloud is down, or died before it answered. */
  async #attempt(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    payload?: object,
  ): Promise<OperatorAnswer | undefined> {
    const { cloud, process } = this.#cloud;
    if (cloud === undefined || process === undefined) return undefined;
    const gone = new Promise<undefined>((resolve) => {
      process.atDeath(() => {
        resolve(undefined);
      });
    });
    const answering = cloud.app.inject({
      method,
      url: path,
      headers: { authorization: `Bearer ${this.#cloud.bootstrapToken}` },
      ...(payload === undefined ? {} : { payload }),
    });
    const answer = await Promise.race([answering, gone]);
    if (answer === undefined) return undefined;
    this.#world.trace.note('operator', `${method} ${path} ${answer.statusCode}`);
    const body: unknown = answer.body === '' ? undefined : JSON.parse(answer.body);
    this.#answered(method, path, answer.statusCode, body);
    return { status: answer.statusCode, body };
  }
}
