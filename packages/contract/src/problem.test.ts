import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorCatalogue, errorEntry } from './errors.ts';
import { problemFor, problemSchema } from './problem.ts';

const code = fc.constantFrom(...(Object.keys(errorCatalogue) as ErrorCode[]));

describe('a problem document', () => {
  it('carries every member that the wire contract names, for every code', () => {
    fc.assert(
      fc.property(
        code,
        fc.string(),
        fc.option(fc.string(), { nil: undefined }),
        (name, requestId, detail) => {
          const entry = errorEntry(name);
          expect(problemFor(name, requestId, detail)).toEqual({
            type: `urn:edgeflow:problem:${name}`,
            title: entry.title,
            status: entry.status,
            detail: detail ?? entry.title,
            code: name,
            retryable: entry.retryable,
            next_step: entry.nextStep,
            request_id: requestId,
            error: entry.title,
          });
        },
      ),
    );
  });

  it('repeats the title as error, which older devices print', () => {
    const problem = problemFor('code_expired', 'req_1', 'more of it');
    expect(problem.error).toBe(problem.title);
  });

  it('has errors[] only where there are field problems', () => {
    expect(problemFor('request_malformed', 'req_1')).not.toHaveProperty('errors');
    const errors = [{ field: 'bind.mac_address', message: 'must be a MAC address' }];
    expect(problemFor('request_malformed', 'req_1', undefined, errors).errors).toEqual(errors);
  });

  it('survives the wire and its own schema', () => {
    fc.assert(
      fc.property(code, fc.string(), (name, detail) => {
        const problem = problemFor(name, 'req_1', detail, [{ field: '', message: detail }]);
        expect(problemSchema.parse(JSON.parse(JSON.stringify(problem)))).toEqual(problem);
      }),
    );
  });
});
