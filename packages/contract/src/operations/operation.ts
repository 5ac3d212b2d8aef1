import type * as z from 'zod';
import type { ErrorCode } from '../errors.ts';

/**
 * Who may call: the least role of an operator, or the key of the device that the address names. `person`: anybody who
 * is signed in, for themselves, whatever the role; no token.
 */
export type Access =
  'public' | 'person' | 'device_or_viewer' | 'device_or_operator' | 'viewer' | 'operator' | 'admin' | 'owner';

/** One call of the cloud's HTTP API. Types, checks and OpenAPI all come from these. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Fastify's form: `/api/v1/devices/:id`. */
  readonly path: string;
  readonly summary: string;
  /** What a caller has to know beyond it, in whole sentences. */
  readonly description?: string;
  readonly access: Access;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** Where a body may be larger than others of operators, in bytes. */
  readonly bodyBytesMax?: number;
  /** Answer by status; null: no body. A string names a media type other than JSON. */
  readonly answers: Readonly<Record<number, z.ZodType | string | null>>;
  readonly errors: readonly ErrorCode[];
}
