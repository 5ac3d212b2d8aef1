export { authenticateKeys, KeyAuthenticator, type PresentedKey } from './authenticate.ts';
export { isReadmitted, judgeKey, keyAge } from './decide.ts';
export { dayMs, hashApiKey, keyLife, rotateAfter } from './key-life.ts';
export {
  endCredentials,
  endOffer,
  endRotationOffers,
  issueCredentials,
  livingCredentials,
  matchKeysById,
  moveExpiry,
} from './store.ts';
