export { KeyRing } from './key-ring.ts';
export { createKeyRing, keyRingExists, loadKeyRing } from './ring-file.ts';
export { openSealed, type Seal, sealText } from './sealed.ts';
