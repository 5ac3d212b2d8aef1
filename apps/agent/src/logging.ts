import { type Clock, printable, printableJson, toRfc3339 } from '@edgeflow/platform';
import type { Log } from './log-port.ts';

/** The most urgent first. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** Lines for people at a terminal; otherwise one JSON object a line. */
  readonly isPretty: boolean;
  readonly clock: Clock;
  /** Gets whole lines, with their line feed. */
  readonly write: (line: string) => void;
}

/**
 * The process's log. Secrets stay out twice over: {@link Log} takes scalars only, so nothing that holds one can be
 * passed by accident, and every finished line goes through {@link scrubSecrets}.
 */
export function createLog({ clock, isPretty, level, write }: LogOptions): Log {
  const at =
    (own: LogLevel): Log['info'] =>
    (fields, message) => {
      if (level === 'silent' || logLevels.indexOf(own) > logLevels.indexOf(level)) return;
      const record = { level: own, time: toRfc3339(clock.now()), ...fields, msg: message };
      const line = scrubSecrets(`${JSON.stringify(record)}\n`);
      write(isPretty ? prettyLine(line) : line);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/**
 * Keys, tokens and codes by their form (wire contract, section 1). No pattern matches a quote or a backslash, so a
 * JSON line stays one; a code without dashes is recognised only with a digit in it, because PROVISIONING is a word.
 */
const secretPatterns: readonly (readonly [RegExp, string])[] = [
  [/\befk_[0-9A-Za-z]{4,}/g, 'efk_…'],
  [/\bedgeflow_[0-9A-Za-z]{16,}/g, 'edgeflow_…'],
  [/\bPROV(?:\p{Pd}| )[0-9A-Z]{4}(?:(?:\p{Pd}| )?[0-9A-Z]{4}){0,5}/giu, 'PROV-…'],
  [/\bPROV(?=[A-Z]{0,7}[0-9])[0-9A-Z]{8,24}\b/gi, 'PROV-…'],
];

export function scrubSecrets(text: string): string {
  return secretPatterns.reduce((line, [pattern, shown]) => line.replace(pattern, shown), text);
}

/**
 * `12:00:00 WARN the message name=value`, from one JSON line. What is no such line passes as it is. Nothing in it can
 * command the terminal, nor pretend to be a line of its own.
 */
export function prettyLine(line: string): string {
  const fields = parseFields(line);
  if (fields === undefined) return line;
  const { time, level, msg, ...others } = fields;
  const clock = typeof time === 'string' ? time.slice(11, 19) : '';
  const name = typeof level === 'string' ? level.toUpperCase().padEnd(5) : '';
  const details = Object.entries(others).map(([key, value]) => ` ${printable(key)}=${printableJson(value)}`);
  return `${clock} ${name} ${typeof msg === 'string' ? printable(msg) : ''}${details.join('')}\n`;
}

function parseFields(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
