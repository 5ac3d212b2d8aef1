import createFetchClient, { type Middleware } from 'openapi-fetch';
import createQueryClient from 'openapi-react-query';
import { problemOf } from './problem.ts';
import type { components, paths } from './schema.gen.ts';

/** The cloud's own shapes: `Schema<'Device'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** Refused calls reject with an `ApiProblem`, so that nobody has to look at a status. */
const refusalsReject: Middleware = {
  onResponse: async ({ response }) => {
    if (!response.ok) throw await problemOf(response);
  },
};

/** Every call of the API, typed by the cloud's own OpenAPI document. */
export const client = createFetchClient<paths>({ baseUrl: '/', credentials: 'same-origin' });
client.use(refusalsReject);

/** The same as queries and mutations: `api.useQuery('get', '/api/v1/devices/{id}', { params })`. */
export const api = createQueryClient(client);
