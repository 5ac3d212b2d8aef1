export type { Call, CallOutcome } from './call.ts';
export { commandRoutes } from './routes.ts';
export { Commands } from './service.ts';
