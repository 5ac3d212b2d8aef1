export { twoGroupTtlSecondsMax } from './decide.ts';
export { codeRoutes } from './routes.ts';
export { Codes } from './service.ts';
