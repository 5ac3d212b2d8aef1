export { authenticateKeys, KeyAuthenticator, type PresentedKey } from './authenticate.ts';
export { judgeKey, keyAge } from './decide.ts';
export { dayMs, hashApiKey, keyExpiry, keyLife, rotateAfter } from './key-life.ts';
export {
  endCredentials,
  endOffer,
  issueCredentials,
  livingCredentials,
  matchKeys,
  matchKeysById,
  moveExpiry,
} from './store.ts';
