import type { Json } from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import type { Log } from '../log-port.ts';

export interface CommandContext {
  /** Aborted when the time is up: whatever the handler still does is then nobody's concern. */
  readonly signal: AbortSignal;
}

export interface CommandResult {
  readonly data: Json;
  /** Runs once, after the answer has been handed to the socket, or could not be. */
  readonly afterSent?: () => void;
}

/** Answers one action. What it throws is answered as an error; only a {@link CommandError}'s text goes out. */
export type CommandHandler = (payload: Json, context: CommandContext) => Promise<CommandResult>;

/** Handlers by action. A host application adds its own beside {@link builtInCommands}. */
export type CommandTable = ReadonlyMap<string, CommandHandler>;

/** A failure whose text is meant for whoever sent the command. It must hold no secret. */
export class CommandError extends Error {
  /** @param code one word in lower case, which programs may branch on. */
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.name = 'CommandError';
  }
}

export interface CommandAnswer {
  readonly status: 'success' | 'error';
  readonly data?: Json;
  readonly error?: string;
  readonly afterSent?: () => void;
}

/** Handlers that may run at once; one that never ends keeps its place, so that the bound is a real one. */
export const handlersMax = 8;
/** What keeps a device in reach and its key alive is not kept waiting by other handlers that hang. */
const urgentActions: ReadonlySet<string> = new Set(['health_check', 'rotate_key']);
/** Urgent handlers that may run at once, beside the others. */
export const urgentHandlersMax = 8;
/** A handler that has not answered by then is answered for. */
export const handlerSecondsMax = 30;

/** Runs the handlers of a table, bounded in number and in time. */
export class CommandRunner {
  readonly #table: CommandTable;
  readonly #timers: Timers;
  readonly #log: Log;
  readonly #running = { urgent: 0, others: 0 };

  constructor(table: CommandTable, timers: Timers, log: Log) {
    this.#table = table;
    this.#timers = timers;
    this.#log = log;
  }

  /** Never rejects. */
  async run(action: string, payload: Json): Promise<CommandAnswer> {
    const handler = this.#table.get(action);
    if (handler === undefined) {
      const known = [...this.#table.keys()].sort().join(', ');
      return failure(`unknown_action: this device knows ${known}`);
    }
    const kind = kindOf(action);
    if (this.#running[kind] >= runningMax[kind]) {
      return failure(
        `busy: ${String(runningMax[kind])} commands are running on this device; try again later`,
      );
    }
    this.#log.info({ action }, 'running a command');
    return this.#runBounded(action, handler, payload);
  }

  #runBounded(action: string, handler: CommandHandler, payload: Json): Promise<CommandAnswer> {
    const abort = new AbortController();
    return new Promise((resolve) => {
      const timer = this.#timers.after(handlerSecondsMax * 1000, () => {
        abort.abort(new Error('the time for this command is up'));
        resolve(failure(`timed_out: no result after ${String(handlerSecondsMax)} seconds`));
      });
      void this.#attempt(action, handler, payload, abort.signal).then((answer) => {
        this.#timers.clear(timer);
        // Late results go nowhere, but what they wanted done afterwards still has to happen.
        if (abort.signal.aborted) answer.afterSent?.();
        else resolve(answer);
      });
    });
  }

  async #attempt(
    action: string,
    handler: CommandHandler,
    payload: Json,
    signal: AbortSignal,
  ): Promise<CommandAnswer> {
    const kind = kindOf(action);
    this.#running[kind] += 1;
    try {
      return { status: 'success', ...(await handler(payload, { signal })) };
    } catch (error) {
      if (error instanceof CommandError) return failure(error.message);
      // The text of an unknown error may quote anything, so only its kind is told.
      const kind = error instanceof Error ? error.name : typeof error;
      this.#log.error({ action, kind }, 'a command handler failed');
      return failure('internal: the handler failed');
    } finally {
      this.#running[kind] -= 1;
    }
  }
}

const runningMax = { urgent: urgentHandlersMax, others: handlersMax } as const;

function kindOf(action: string): keyof typeof runningMax {
  return urgentActions.has(action) ? 'urgent' : 'others';
}

function failure(error: string): CommandAnswer {
  return { status: 'error', error };
}
