import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  errorEntry,
  eventStreamsPerOrganizationMax,
  listDevicesQuerySchema,
  operations,
  provisionRequestSchema,
} from '@edgeflow/contract';
import { documentedOperations, makeOpenApiDocument } from './openapi.ts';
import { call, makeHttp, type TestHttp } from './test-support.ts';

interface Described {
  readonly operationId: string;
  readonly description?: string;
  readonly security: unknown[];
  readonly parameters?: { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Record<string, { readonly schema: { readonly $ref?: string } }>;
  };
  readonly responses: Record<
    string,
    { readonly content?: Record<string, { readonly schema: object; readonly examples?: object }> }
  >;
}

// As a client sees it.
const document = JSON.parse(JSON.stringify(makeOpenApiDocument('1.2.3'))) as {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Described>>;
  components: {
    schemas: Record<string, { properties: Record<string, object>; additionalProperties?: boolean }>;
  };
};

function described(name: string): Described {
  const operation = documentedOperations[name];
  if (operation === undefined) throw new Error(`no operation ${name}`);
  const path = operation.path.replaceAll(/:(\w+)/g, '{$1}');
  const found = document.paths[path]?.[operation.method.toLowerCase()];
  if (found === undefined) throw new Error(`${name} is not in the document`);
  return found;
}

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' && typeof member === 'string' ? [member] : references(member),
  );
}

function resolve(reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], document);
}

describe('the OpenAPI document', () => {
  it('is 3.1 and of this version', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(document.info.version).toBe('1.2.3');
  });

  it('describes every operation of the contract, once, with its answers and errors', () => {
    for (const [name, operation] of Object.entries(operations)) {
      const found = described(name);
      expect(found.operationId).toBe(name);
      const statuses = [
        ...Object.keys(operation.answers),
        ...operation.errors.map((code) => String(errorEntry(code).status)),
      ];
      expect(Object.keys(found.responses)).toEqual(expect.arrayContaining(statuses));
      for (const code of operation.errors) {
        const problem =
          found.responses[String(errorEntry(code).status)]?.content?.['application/problem+json'];
        expect(problem?.examples).toHaveProperty(code);
      }
    }
    const count = Object.values(document.paths).flatMap((methods) => Object.keys(methods)).length;
    expect(count).toBe(Object.keys(documentedOperations).length);
  });

  it('says how many event streams an organization may have', () => {
    expect(described('streamEvents').description).toContain(
      `${String(eventStreamsPerOrganizationMax)} streams`,
    );
  });

  it('has no reference that leads nowhere', () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter((reference) => resolve(reference) === undefined)).toEqual([]);
  });

  it('declares every parameter that its paths name', () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      for (const { parameters = [] } of Object.values(methods)) {
        const declared = parameters.filter((parameter) => parameter.in === 'path');
        expect(declared.map(({ name }) => name)).toEqual(named);
        expect(declared.every(({ required }) => required === true)).toBe(true);
      }
    }
  });

  it('is made from the very schemas that requests are checked with', () => {
    const reference =
      described('provisionDevice').requestBody?.content['application/json']?.schema.$ref ?? '';
    const schema = resolve(reference) as { properties: object; required: string[] };
    expect(Object.keys(schema.properties)).toEqual(Object.keys(provisionRequestSchema.shape));
    expect(schema.required).toEqual(['provisioning_code']);
    const query = described('listDevices').parameters?.map(({ name }) => name);
    expect(query).toEqual(Object.keys(listDevicesQuerySchema.shape));
  });

  it('asks for a body exactly where a request without one is refused', () => {
    for (const [name, operation] of Object.entries(documentedOperations)) {
      const needed = operation.body?.safeParse(undefined).success === false;
      expect([name, described(name).requestBody?.required ?? false]).toEqual([name, needed]);
    }
  });

  it('lets answers grow', () => {
    expect(document.components.schemas['Device']?.additionalProperties).toBeUndefined();
  });

  it('says who may call, and how a device repeats its claim', () => {
    expect(described('provisionDevice').security).toEqual([]);
    expect(described('provisionDevice').parameters).toMatchObject([
      { name: 'Idempotency-Key', in: 'header' },
    ]);
    expect(described('listDevices').security).toEqual([
      ...[{ operatorToken: [] }, { operatorBearer: [] }, { session: [] }],
    ]);
    expect(described('readShadow').security).toContainEqual({ deviceKey: [] });
  });
});

describe('the documentation', () => {
  let http: TestHttp;
  let port: number;

  beforeEach(async () => {
    http = await makeHttp();
    port = await http.listen();
  });

  afterEach(async () => {
    await http.app.close();
  });

  it('is the same document at its address and in the page', async () => {
    const got = await call(port, 'GET', '/api/v1/openapi.json');
    expect(got.json).toEqual(document);
    expect((await call(port, 'GET', '/docs/json')).json).toEqual(document);
  });

  it('loads everything from here, under a policy that allows nothing else', async () => {
    const page = await call(port, 'GET', '/docs');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(loaded.length).toBeGreaterThan(4);
    for (const address of loaded) {
      const got = await call(port, 'GET', new URL(address, `http://127.0.0.1:${String(port)}/docs`).pathname);
      expect([address, got.status]).toEqual([address, 200]);
      expect(got.headers['content-security-policy']).toContain("default-src 'none'");
    }
    expect(page.text).not.toMatch(/<script>|https?:\/\//);
  });

  it('does not answer for files outside its folder', async () => {
    for (const path of [
      '/docs/static/../../package.json',
      '/docs/static/%2e%2e/%2e%2e/package.json',
      '/docs/static/nothing',
    ]) {
      const got = await call(port, 'GET', path);
      expect([got.status, got.json.code]).toEqual([404, 'route_unknown']);
    }
  });
});
