import { useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { nowMs } from '../../platform.ts';

/** Outcomes that stay on the page. */
const outcomesMax = 10;
const timeoutSecondsDefault = 10;

interface Asked {
  readonly action: string;
  readonly payload?: unknown;
  readonly timeoutSeconds?: number;
}

export interface Outcome {
  readonly number: number;
  readonly action: string;
  readonly at: string;
  readonly answer: Schema<'CommandResponse'> | undefined;
  readonly error: unknown;
}

/** What is typed for an action that has no button. */
export interface CommandDraft {
  readonly action: string;
  readonly payload: string;
  readonly seconds: number | string;
}

export interface CommandsState {
  /** Newest first. */
  readonly outcomes: readonly Outcome[];
  /** The action whose answer is awaited. */
  readonly running: string | undefined;
  readonly send: (asked: Asked) => void;
  readonly draft: CommandDraft;
  readonly setDraft: (draft: CommandDraft) => void;
}

/**
 * Kept by the page: an answer may take two minutes, in which another tab is looked at. Whoever came back to buttons that
 * know nothing of it would send it again.
 */
export function useCommands(deviceId: string): CommandsState {
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>([]);
  const [running, setRunning] = useState<string | undefined>(undefined);
  const [draft, setDraft] = useState<CommandDraft>({
    action: '',
    payload: '',
    seconds: timeoutSecondsDefault,
  });
  const send = async ({ action, payload, timeoutSeconds = timeoutSecondsDefault }: Asked): Promise<void> => {
    setRunning(action);
    const told = await client
      .POST('/api/v1/devices/{id}/commands', {
        params: { path: { id: deviceId } },
        body: { action, timeout_ms: timeoutSeconds * 1000, ...(payload === undefined ? {} : { payload }) },
      })
      .then(
        ({ data }) => ({ answer: data, error: undefined }),
        (error: unknown) => ({ answer: undefined, error }),
      );
    setRunning(undefined);
    const at = new Date(nowMs()).toISOString();
    setOutcomes((before) =>
      [{ ...told, action, at, number: (before[0]?.number ?? 0) + 1 }, ...before].slice(0, outcomesMax),
    );
  };
  return { outcomes, running, send: (asked) => void send(asked), draft, setDraft };
}
