export { organizationRoutes } from './routes.ts';
export { Organizations } from './service.ts';
