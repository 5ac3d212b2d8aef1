export { deviceFactRoutes } from './routes.ts';
