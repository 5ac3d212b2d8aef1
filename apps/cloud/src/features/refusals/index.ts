export { KeyRefusals } from './notes.ts';
export { watchedAdmission, watchedKeys } from './watched.ts';
