export { authenticateKeys, KeyAuthenticator, type PresentedKey } from './authenticate.ts';
export { isReadmitted, judgeKey, keyAge } from './decide.ts';
export { dayMs, hashApiKey, keyExpiry, keyLife, rotateAfter } from './key-life.ts';
export {
  endCredentials,
  endOffer,
  endRotationOffers,
  issueCredentials,
  livingCredentials,
  matchKeys,
  matchKeysById,
  moveExpiry,
} from './store.ts';
