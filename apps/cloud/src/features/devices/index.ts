export { deviceRoutes } from './routes.ts';
export { boardModelOf, deviceSearchText } from './search.ts';
export { Devices } from './service.ts';
export { deviceStatusOf } from './view.ts';
export { readDevice, setLifecycle } from './store.ts';
export { deviceNames } from './names.ts';
