export { BatchExports } from './exports.ts';
export { batchRoutes } from './routes.ts';
export { Batches } from './service.ts';
