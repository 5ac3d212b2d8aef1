export { authenticateKeys, KeyAuthenticator, type PresentedKey } from './authenticate.ts';
export { judgeKey, keyAge, type KeyMatch, type KeyVerdict } from './decide.ts';
export { dayMs, hashApiKey, keyLife, rotateAfter } from './key-life.ts';
export {
  endCredentials,
  endOffer,
  issueCredentials,
  livingCredentials,
  matchKeys,
  matchKeysById,
  moveExpiry,
  type NewCredential,
} from './store.ts';
