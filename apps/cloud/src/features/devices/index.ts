export { deviceRoutes } from './routes.ts';
export { boardModelOf, deviceSearchText } from './search.ts';
export { Devices } from './service.ts';
export { deviceStatusOf } from './view.ts';
export {
  lockCount,
  readDevice,
  setGroups,
  setLifecycle,
  setLifecycles,
  setTags,
  uncountDevices,
} from './store.ts';
export { deviceNames } from './names.ts';
