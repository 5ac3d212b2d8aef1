import { z } from 'zod';
import {
  createDocument,
  type oas31,
  type ZodOpenApiOperationObject,
  type ZodOpenApiOverrideContext,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import {
  type Access,
  type ErrorCode,
  errorEntry,
  idempotencyKeySchema,
  type Operation,
  operations,
  problemFor,
  problemMediaType,
  problemSchema,
} from '@edgeflow/contract';
import { serviceOperations } from './service-operations.ts';

/** Everything that is documented, by operation id. */
export const documentedOperations: Readonly<Record<string, Operation>> = {
  ...operations,
  ...serviceOperations,
};

/** Request headers that an operation reads besides its credential. */
const requestHeaders: Readonly<Record<string, z.ZodObject>> = {
  provisionDevice: z.object({
    'Idempotency-Key': idempotencyKeySchema.optional().meta({
      description:
        'A secret that the device makes, and has on disk, before it first sends. A repeat with it is answered alike.',
    }),
  }),
  createBatch: z.object({
    'Idempotency-Key': idempotencyKeySchema.optional().meta({
      description: 'Made by the caller for this one batch. A repeat with it is answered with the same batch.',
    }),
  }),
  changeDevices: z.object({
    'Idempotency-Key': idempotencyKeySchema.optional().meta({
      description:
        'Made by the caller for this one change. A repeat with it is answered with the same change.',
    }),
  }),
  streamEvents: z.object({
    'Last-Event-ID': z.string().optional().meta({ description: 'Resume after this event.' }),
  }),
};

/** Makes the OpenAPI 3.1 document from the contract's own schemas. Takes some 50 ms: make it once. */
export function makeOpenApiDocument(version: string): oas31.OpenAPIObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [name, operation] of Object.entries(documentedOperations)) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describeOperation(name, operation) };
  }
  return createDocument(
    {
      openapi: '3.1.1',
      info: {
        title: 'EdgeFlow cloud',
        version,
        description:
          'Provisioning codes, devices, shadows and commands. Errors are RFC 9457 problem documents.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      paths,
      components: { securitySchemes },
    },
    { override: mayGrow },
  );
}

const securitySchemes = {
  session: {
    ...({ type: 'apiKey', in: 'cookie', name: 'edgeflow-session-PORT' } as const),
    description:
      'The cookie of a person who is signed in; __Host-edgeflow-session-PORT on HTTPS. A change is refused unless a page of this cloud asks for it.',
  },
  operatorToken: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An operator token.' },
  operatorBearer: { type: 'http', scheme: 'bearer', description: 'An operator token.' },
  deviceKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The API key of the device.' },
} as const;

function security(access: Access): oas31.SecurityRequirementObject[] {
  if (access === 'public') return [];
  if (access === 'person') return [{ session: [] }];
  const operator = [{ operatorToken: [] }, { operatorBearer: [] }, { session: [] }];
  return access.startsWith('device_or_') ? [...operator, { deviceKey: [] }] : operator;
}

function describeOperation(name: string, operation: Operation): ZodOpenApiOperationObject {
  const { query, body } = operation;
  const header = requestHeaders[name];
  const names = [...operation.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
  return {
    operationId: name,
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    tags: [tagOf(operation.path)],
    security: security(operation.access),
    parameters: names.map((parameter) => ({
      name: parameter,
      in: 'path',
      required: true,
      description: idIn(operation.path),
      schema: { type: 'string' },
    })),
    requestParams: {
      ...(query instanceof z.ZodObject ? { query } : {}),
      ...(header === undefined ? {} : { header }),
    },
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: { 'application/json': { schema: body } },
          },
        }),
    responses: describeResponses(operation),
  };
}

const ids: Readonly<Record<string, string>> = {
  devices: 'A device id (dev_…).',
  'provisioning-codes': 'A code id (pc_…).',
  batches: 'A batch id (batch_…).',
  account: 'A session id (ses_…).',
  members: 'A person’s id (usr_…).',
  invitations: 'An invitation id (inv_…).',
  tokens: 'A token id (tok_…).',
};

function idIn(path: string): string {
  return ids[tagOf(path)] ?? 'An id.';
}

/** `/api/v1/provisioning-codes/{id}` → `provisioning-codes`; what the service says about itself → `service`. */
function tagOf(path: string): string {
  const segment = /^\/api\/v1\/([\w-]+)/.exec(path)?.[1];
  return segment === undefined || path.endsWith('.json') ? 'service' : segment;
}

function describeResponses(operation: Operation): ZodOpenApiResponsesObject {
  const responses: Record<string, ZodOpenApiResponseObject> = {};
  for (const [status, answer] of Object.entries(operation.answers)) {
    responses[status] = { description: Number(status) < 400 ? 'Done' : 'Not now', ...contentOf(answer) };
  }
  const byStatus = Map.groupBy(errorsOf(operation), (code) => String(errorEntry(code).status));
  for (const [status, codes] of byStatus) responses[status] ??= problemResponse(codes);
  return responses;
}

function contentOf(answer: z.ZodType | string | null): Pick<ZodOpenApiResponseObject, 'content'> {
  if (answer === null) return {};
  if (typeof answer === 'string') return { content: { [answer]: { schema: { type: 'string' } } } };
  return { content: { 'application/json': { schema: answer } } };
}

/** The operation's own errors, and those that every operation of its kind may give. */
function errorsOf(operation: Operation): ErrorCode[] {
  const { access, body, query } = operation;
  const codes = new Set<ErrorCode>(operation.errors);
  if (access !== 'public') {
    codes.add('token_rejected').add('session_missing').add('forbidden').add('too_many_attempts');
    if (operation.method !== 'GET') codes.add('cross_site');
  }
  if (access === 'person') codes.add('session_required');
  if (body !== undefined) codes.add('request_malformed').add('body_too_large').add('media_type_unsupported');
  if (query !== undefined) codes.add('request_malformed');
  codes.add('internal');
  return [...codes];
}

function problemResponse(codes: readonly ErrorCode[]): ZodOpenApiResponseObject {
  const examples: Record<string, oas31.ExampleObject> = {};
  for (const code of codes) {
    examples[code] = { summary: errorEntry(code).title, value: problemFor(code, 'req_0123456789abcdef') };
  }
  return {
    description: codes.map((code) => `\`${code}\`: ${errorEntry(code).title}.`).join('\n\n'),
    content: { [problemMediaType]: { schema: problemSchema, examples } },
  };
}

/** Answers may grow, so their schemas forbid no members; and `date-time` says more than the pattern behind it. */
function mayGrow(context: ZodOpenApiOverrideContext): void {
  const { jsonSchema } = context;
  if (context.io === 'output' && jsonSchema.additionalProperties === false)
    delete jsonSchema.additionalProperties;
  if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
}
