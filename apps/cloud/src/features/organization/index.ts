export { organizationRoutes } from './routes.ts';
export { Organizations } from './service.ts';
export { codeDefaults } from './store.ts';
