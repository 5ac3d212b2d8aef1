export { Door } from './door.ts';
export { type ConnectionRequest, Connections, type ConnectionVerdict } from './connections.ts';
export { forgetConnections } from './history.ts';
export type { OfflineFact, SeenFact } from './store.ts';
export { PresenceWriter } from './write-behind.ts';
