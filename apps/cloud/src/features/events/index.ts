export { Events } from './feed.ts';
export { eventRoutes } from './routes.ts';
export { type EventFact, forgetEvents, insertEvents } from './store.ts';
