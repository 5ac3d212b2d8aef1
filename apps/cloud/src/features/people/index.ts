export { rememberAddresses, setupLink } from './addresses.ts';
export { PeopleCommands } from './commands.ts';
export { LastUsed } from './last-used.ts';
export { buildPeople, type People } from './people.ts';
export type { Setup } from './setup.ts';
