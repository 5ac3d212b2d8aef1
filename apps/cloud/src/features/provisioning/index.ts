export { provisioningRoutes } from './routes.ts';
export { Provisioning } from './service.ts';
