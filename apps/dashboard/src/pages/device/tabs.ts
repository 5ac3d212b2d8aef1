/** The parts of the page, the first of them when the address names none. */
export const deviceTabs = ['facts', 'shadow', 'commands', 'timeline'] as const;
export type DeviceTab = (typeof deviceTabs)[number];
