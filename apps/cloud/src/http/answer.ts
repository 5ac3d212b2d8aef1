/** An answer whose status keeps its literal type, which an object literal inside an async handler would lose. */
export function answer<const Status extends number, Body>(
  status: Status,
  body: Body,
  headers?: Readonly<Record<string, string | string[]>>,
): {
  readonly status: Status;
  readonly body: Body;
  readonly headers?: Readonly<Record<string, string | string[]>>;
} {
  return headers === undefined ? { status, body } : { status, body, headers };
}
