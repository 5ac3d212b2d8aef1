/** The device's own HTTP API and page. */
export type { TokenCheck } from './app.ts';
export { type LocalApi, type LocalApiOptions, startLocalApi } from './server.ts';
