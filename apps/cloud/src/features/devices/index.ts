export { deviceRoutes } from './routes.ts';
export { deviceSearchText } from './search.ts';
export { Devices } from './service.ts';
export { readDevice } from './store.ts';
