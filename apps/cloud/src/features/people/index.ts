export { LastUsed } from './last-used.ts';
export { buildPeople, type People } from './people.ts';
