/** One line of the log. Scalars only, so that no request, record or error object slips in with its secrets. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** What the parts of the agent need of a log. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}
