export { rotationRoutes } from './routes.ts';
export { Rotation } from './service.ts';
