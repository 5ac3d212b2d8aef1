import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { errorEntry } from './errors.ts';
import { type Operation, operations, peopleOperations } from './operations.ts';

const all: [string, Operation][] = Object.entries(operations);

type Part = readonly [name: string, schema: z.ZodType, io: 'input' | 'output'];

function partsOf(operation: Operation): Part[] {
  const parts: Part[] = [];
  if (operation.query !== undefined) parts.push(['query', operation.query, 'input']);
  if (operation.body !== undefined) parts.push(['body', operation.body, 'input']);
  for (const [status, answer] of Object.entries(operation.answers)) {
    if (answer !== null && typeof answer !== 'string') parts.push([status, answer, 'output']);
  }
  return parts;
}

/** A schema with an id of its own is written once, under $defs, and referred to. */
function definitionOf(document: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema {
  const [, name] = /^#\/\$defs\/(.+)$/.exec(document.$ref ?? '') ?? [];
  return name === undefined ? document : (document.$defs?.[name] ?? {});
}

const parts = all.flatMap(([name, operation]) => partsOf(operation).map((part) => [name, ...part] as const));

describe('the operations', () => {
  it.each(parts)(
    '%s: %s has a JSON Schema, so that OpenAPI comes from the same source',
    (_name, _part, schema, io) => {
      const document = z.toJSONSchema(schema, { io });
      expect(definitionOf(document).type).toBe('object');
      const references = JSON.stringify(document).matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g);
      for (const [, name = ''] of references) expect(document.$defs).toHaveProperty([name]);
    },
  );

  it.each(parts.filter(([, part]) => part === 'query'))(
    '%s: every parameter of its %s may be left out',
    (_n, _p, schema) => {
      expect(z.toJSONSchema(schema, { io: 'input' })).not.toHaveProperty('required');
      expect(schema.safeParse({}).success).toBe(true);
    },
  );

  it('an answer always has the members that its schema names, unless they are marked optional', () => {
    const { required } = definitionOf(z.toJSONSchema(operations.readDevice.answers[200], { io: 'output' }));
    expect(required).toEqual(Object.keys(operations.readDevice.answers[200].shape));
  });

  it('no two share a method and a path', () => {
    const addresses = all.map(([, { method, path }]) => `${method} ${path}`);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it.each(all)(
    '%s is under /api/v1, says what it does, and lists only errors that travel',
    (_name, operation) => {
      expect(operation.path).toMatch(/^\/api\/v1(\/[a-z-]+|\/:id)+$/);
      expect(operation.summary).toMatch(/^[A-Z].*[^.]$/);
      for (const code of operation.errors) expect(errorEntry(code).status, code).toBeGreaterThanOrEqual(400);
      expect(operation.body === undefined || operation.method !== 'GET').toBe(true);
    },
  );

  it('every call that changes something needs more than a viewer, registration aside', () => {
    const changing = all
      .filter(([, { method }]) => method !== 'GET')
      .map(([name, { access }]) => [name, access]);
    for (const [name = '', access] of changing) {
      const ofPeople = Object.hasOwn(peopleOperations, name) && ['public', 'person'].includes(access ?? '');
      if (name !== 'provisionDevice' && !ofPeople)
        expect(['operator', 'device_or_operator', 'admin', 'owner'], name).toContain(access);
    }
  });

  it('cover every call of sections 2 and 6 of the wire contract', () => {
    const others = all.filter(([name]) => !Object.hasOwn(peopleOperations, name));
    const addresses = others.map(([, { method, path }]) => `${method} ${path.replace('/api/v1', '')}`).sort();
    expect(addresses).toEqual(
      [
        ...['POST /devices/provision', 'GET /time', 'GET /devices/:id/shadow', 'PUT /devices/:id/shadow'],
        ...['POST /provisioning-codes', 'GET /provisioning-codes'],
        ...['GET /provisioning-codes/:id', 'DELETE /provisioning-codes/:id'],
        ...['POST /devices', 'GET /devices', 'GET /devices/:id', 'PUT /devices/:id', 'DELETE /devices/:id'],
        ...['GET /devices/:id/status', 'POST /devices/:id/rotate-key', 'POST /devices/:id/extend-key'],
        ...['POST /devices/:id/revoke', 'POST /devices/:id/restore', 'POST /devices/:id/commands'],
        ...['POST /devices/:id/quarantine', 'GET /organization', 'PUT /organization'],
        ...['GET /devices/facets', 'GET /devices/:id/notes', 'PUT /devices/:id/notes'],
        ...['GET /devices/:id/connections', 'GET /devices/:id/timeline'],
        ...['POST /devices/bulk', 'GET /devices/bulk/:id', 'GET /devices/export'],
        ...['GET /events', 'GET /audit-log', 'GET /overview'],
        ...['GET /enrolment', 'GET /provisioning-codes/:id/onboarding', 'PUT /provisioning-codes/:id'],
        ...['GET /alert-rules', 'POST /alert-rules', 'PUT /alert-rules/:id', 'DELETE /alert-rules/:id'],
        ...['GET /alert-endpoints', 'POST /alert-endpoints', 'PUT /alert-endpoints/:id'],
        ...['DELETE /alert-endpoints/:id', 'POST /alert-endpoints/:id/rotate-secret'],
        ...['POST /alert-endpoints/:id/test', 'GET /alert-incidents', 'GET /alert-deliveries'],
        ...['POST /alert-deliveries/:id/retry'],
        ...['GET /audit-log/csv'],
        ...[
          'POST /batches',
          'POST /batches/check',
          'GET /batches',
          'GET /batches/:id',
          'GET /batches/:id/rows',
        ],
        ...['GET /batches/:id/csv', 'GET /batches/:id/labels', 'GET /batches/:id/env-files'],
        ...['POST /batches/:id/saved', 'POST /batches/:id/replace-unused', 'POST /batches/:id/revoke'],
      ].sort(),
    );
  });
});
