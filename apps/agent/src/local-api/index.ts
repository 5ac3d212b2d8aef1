/** The device's own HTTP API and page. */
export { startLocalApi } from './server.ts';
