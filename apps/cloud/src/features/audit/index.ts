export { auditRefusal } from './refusals.ts';
export { auditRoutes } from './routes.ts';
export { type Actor, type AuditFact, insertAudit } from './store.ts';
