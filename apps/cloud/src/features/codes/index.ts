export { chooseGroups, codeExpiry, twoGroupTtlSecondsMax } from './decide.ts';
export { drawCode } from './draw.ts';
export { codeRoutes } from './routes.ts';
export { Codes } from './service.ts';
export { countLiveShortCodes, insertCodes } from './store.ts';
