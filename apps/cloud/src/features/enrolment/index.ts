export { enrolmentRoutes } from './routes.ts';
export { Enrolments } from './service.ts';
