export type { HostFacts } from './host-facts.ts';
export type { Inventory, NetworkInfo } from './inventory.ts';
export { readInventory } from './read-inventory.ts';
export { systemHostFacts } from './system-host-facts.ts';
