/**
 * Who this device is, and how it stays that. The order at start:
 *
 *     prepareStateFolder → FolderLock.acquire → resolveVaultKey → new Vault → IdentityStore.load, ClaimStore.load
 */
export { ClaimStore, type PendingClaim } from './claim-store.ts';
export { type BoardIdentity, compareBoards, type DeviceFacts } from './device-facts.ts';
export { DiskProblemError } from './disk-problem.ts';
export { type FolderLock, type FolderLockResult, systemFolderLock } from './folder-lock.ts';
export {
  codeMark,
  type ConfiguredCredentials,
  confirmNew,
  type Credentials,
  type DeviceKey,
  dropNext,
  type Identity,
  isMadeByCode,
  isSeededBy,
  promoteNext,
  replaceKeepingOld,
  rollBackToOld,
  settingsMark,
  withNextKey,
} from './identity-document.ts';
export { IdentityStore } from './identity-store.ts';
export { loadLocalToken, LocalToken, localTokenName } from './local-token.ts';
export type { Notice } from './notice.ts';
export {
  makeStateFolder,
  prepareStateFolder,
  type StateFolderProblem,
  type StateFolderResult,
} from './state-folder.ts';
export { Vault } from './vault.ts';
export { replaceGeneratedKey, resolveVaultKey } from './vault-key.ts';
export type { VaultReading, VaultUnreadable } from './vault-reading.ts';
