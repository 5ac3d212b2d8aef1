/**
 * The types of the dashboard's client, from the OpenAPI document that the cloud serves.
 * `npm run api-types` writes them; api-types.test.ts fails while they are not current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapiTypescript, { astToString } from 'openapi-typescript';
import { makeOpenApiDocument } from '../../apps/cloud/src/http/openapi.ts';

const file = fileURLToPath(new URL('../../apps/dashboard/src/api/schema.gen.ts', import.meta.url));
const header = '// Made by `npm run api-types` from the OpenAPI document of the cloud. Do not edit.\n\n';

/** The text that the generated file should have now. */
export async function makeApiTypes(): Promise<string> {
  // The version of the cloud is no part of the types.
  const document = structuredClone(makeOpenApiDocument('0.0.0'));
  // What has a default may be left out of a request.
  const options = { defaultNonNullable: false };
  const types = await openapiTypescript(document as Parameters<typeof openapiTypescript>[0], options);
  return header + astToString(types);
}

export function readApiTypes(): string {
  return readFileSync(file, 'utf8');
}

if (import.meta.main) {
  writeFileSync(file, await makeApiTypes());
  process.stdout.write(`${file}\n`);
}
