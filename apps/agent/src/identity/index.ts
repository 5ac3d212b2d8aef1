/**
 * Who this device is, and how it stays that. The order at start:
 *
 *     prepareStateFolder → FolderLock.acquire → resolveVaultKey → new Vault → IdentityStore.load, ClaimStore.load
 */
export {
  type ClaimOpening,
  ClaimStore,
  type ClaimVerdict,
  judgeClaim,
  type PendingClaim,
} from './claim-store.ts';
export { type BoardIdentity, compareBoards, type DeviceFacts } from './device-facts.ts';
export { type DiskProblem, type DiskProblemCode, DiskProblemError } from './disk-problem.ts';
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
  type NewCredentials,
  promoteNext,
  replaceKeepingOld,
  rollBackToOld,
  settingsMark,
  withNextKey,
} from './identity-document.ts';
export { IdentityStore } from './identity-store.ts';
export { loadLocalToken, LocalToken, localTokenName } from './local-token.ts';
export type { Notice, NoticeCode } from './notice.ts';
export {
  makeStateFolder,
  prepareStateFolder,
  type StateFolderProblem,
  type StateFolderResult,
} from './state-folder.ts';
export { Vault, type VaultDeps } from './vault.ts';
export {
  replaceGeneratedKey,
  resolveVaultKey,
  type VaultKeyProblem,
  type VaultKeyResult,
  type VaultKeys,
} from './vault-key.ts';
export type { UnreadableReason, VaultOpened, VaultReading, VaultUnreadable } from './vault-reading.ts';
