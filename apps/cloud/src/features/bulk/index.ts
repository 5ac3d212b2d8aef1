export { bulkRoutes } from './routes.ts';
export { BulkChanges } from './service.ts';
