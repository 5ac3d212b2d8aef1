export { admit, type Knocking, type TunnelHere } from './admission.ts';
export { fingerprint } from './history.ts';
export { cloneMetrics } from './metrics.ts';
export { Clones, type DeviceLifeSign } from './service.ts';
export { pardon, replacedSince } from './store.ts';
