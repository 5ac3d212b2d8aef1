export { overviewRoutes } from './routes.ts';
export { Overviews } from './service.ts';
