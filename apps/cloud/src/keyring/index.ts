export { type ApiKeyContext, type KeyPurpose, KeyRing, serverKeyBytes } from './key-ring.ts';
export { createKeyRing, keyRingExists, loadKeyRing } from './ring-file.ts';
