import { expect, it } from 'vitest';
import { makeApiTypes, readApiTypes } from './api-types.ts';

it('the types of the client are those of the document that the cloud serves (else: npm run api-types)', async () => {
  expect(readApiTypes()).toBe(await makeApiTypes());
});
