export { mayBeReprovisioned } from './decide.ts';
export { provisioningRoutes } from './routes.ts';
export { Provisioning } from './service.ts';
