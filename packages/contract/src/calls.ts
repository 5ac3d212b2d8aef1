import type * as z from 'zod';
import { type Operation, type OperationName, type Operations, operations } from './operations.ts';

/**
 * The operations as a caller sees them: what a request must bring and what an answer may be, read off the schemas.
 * A client needs only a transport.
 */

/** `'id'` for `/api/v1/devices/:id/status`. */
type ParamNames<Path extends string> = Path extends `${string}/:${infer Rest}`
  ? Rest extends `${infer Name}/${infer More}`
    ? Name | ParamNames<`/${More}`>
    : Rest
  : never;

type Params<Path extends string> = [ParamNames<Path>] extends [never]
  ? { readonly params?: never }
  : { readonly params: Readonly<Record<ParamNames<Path>, string>> };

/** Numbers are numbers here; {@link callTarget} writes them as text. */
type Query<Op> = Op extends { readonly query: infer Schema extends z.ZodType }
  ? { readonly query?: Readonly<Partial<z.output<Schema>>> }
  : { readonly query?: never };

type Body<Op> = Op extends { readonly body: infer Schema extends z.ZodType }
  ? { readonly body: z.input<Schema> }
  : { readonly body?: never };

/** What a call of this operation brings. */
export type CallRequest<Name extends OperationName> = Params<Operations[Name]['path']> &
  Query<Operations[Name]> &
  Body<Operations[Name]>;

/** The arguments of a typed `call(name, …)`: the request may be left out where nothing in it is required. */
export type CallArguments<Name extends OperationName> =
  object extends CallRequest<Name> ? [request?: CallRequest<Name>] : [request: CallRequest<Name>];

type Answers<Name extends OperationName> = Operations[Name]['answers'];
type AnswerBody<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** Every answer of an operation that is not an error, told apart by its status. */
export type CallAnswer<Name extends OperationName> = {
  [Status in keyof Answers<Name>]: {
    readonly status: Status;
    readonly body: AnswerBody<Answers<Name>[Status]>;
  };
}[keyof Answers<Name>];

/** The operations that answer with JSON, or with nothing. */
export type JsonOperationName = {
  [Name in OperationName]: Extract<Answers<Name>[keyof Answers<Name>], string> extends never ? Name : never;
}[OperationName];

/** What of a request its address is made from. */
export interface TargetRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
}

/** Where a call goes, apart from the origin. */
export interface CallTarget {
  readonly method: Operation['method'];
  /** Path and query, encoded, e.g. `/api/v1/devices/dev_abc/status`. */
  readonly path: string;
}

/**
 * @throws RangeError for a parameter that would name another address: empty, `.` or `..`.
 */
export function callTarget(name: OperationName, request: TargetRequest = {}): CallTarget {
  const { method, path } = operations[name];
  const filled = path.replaceAll(/:(\w+)/g, (_, param: string) =>
    pathSegment(param, request.params?.[param]),
  );
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) query.set(key, String(value));
  }
  return { method, path: query.size === 0 ? filled : `${filled}?${query.toString()}` };
}

function pathSegment(param: string, value: string | undefined): string {
  if (value === undefined || ['', '.', '..'].includes(value)) {
    throw new RangeError(`${param} must be an id, not ${JSON.stringify(value ?? '')}`);
  }
  return encodeURIComponent(value);
}
