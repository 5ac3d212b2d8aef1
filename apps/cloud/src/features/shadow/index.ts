export { shadowRoutes } from './routes.ts';
export { Shadows } from './service.ts';
