import type { IncomingMessage } from 'node:http';
import type { Clock, Random } from '@edgeflow/platform';
import type { AgentControl } from '../agent-control.ts';
import type { Log } from '../log-port.ts';
import type { LocalAnswer } from './answer.ts';
import type { OwnHosts } from './own-hosts.ts';

/** Recognises the token of this device; `LocalToken` fits. */
export interface TokenCheck {
  matches(presented: string | undefined): boolean;
}

export interface LocalAppDeps {
  readonly control: AgentControl;
  readonly token: TokenCheck;
  /** Asked at each request: the port is known only once the server listens. */
  readonly own: () => OwnHosts;
  readonly random: Random;
  readonly clock: Clock;
  readonly log: Log;
}

export type Handler = (request: IncomingMessage) => LocalAnswer | Promise<LocalAnswer>;
export function hasToken({ token }: Pick<LocalAppDeps, 'token'>, { headers }: IncomingMessage): boolean {
  const presented = headers['x-edgeflow-token'];
  return token.matches(typeof presented === 'string' ? presented : undefined);
}
