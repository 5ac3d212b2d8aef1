import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { formatApiKey, secretBytes } from '@edgeflow/contract';

/** Bytes of a server key. */
export const serverKeyBytes = 32;

/** One server key never serves two purposes: each has its own key derived from it. */
export type KeyPurpose =
  | 'code-hmac'
  | 'claimant-hmac'
  | 'api-key-derivation'
  | 'check-value'
  | 'webhook-secrets'
  | 'batch-texts'
  | 'people'
  | 'known-browser';
const purposes: readonly KeyPurpose[] = [
  'code-hmac',
  'claimant-hmac',
  'api-key-derivation',
  'check-value',
  'webhook-secrets',
  'batch-texts',
  'people',
  'known-browser',
];

/** What a derived API key belongs to. A change of any member gives an unrelated key. */
export interface ApiKeyContext {
  /** Id of the server key that the code's row was made with. */
  readonly keyId: string;
  /** The device's secret. */
  readonly idempotencyKey: string;
  readonly organizationId: string;
  readonly codeId: string;
  readonly deviceId: string;
  readonly credentialId: string;
}

const noSalt = new Uint8Array(0);
const apiKeyLabel = 'edgeflow/v1/device-api-key';
/** Prefix of the info that purpose keys are derived with. Changing it would make every stored hash worthless. */
const purposeLabel = 'edgeflow/v1/server-key/';

/**
 * The server keys, by id. Rows carry the id of the key that they were made with, so old keys stay readable while
 * new rows use the current one.
 *
 * Everything here is synchronous and deterministic, and throws for an id that is not in the ring: start-up compares
 * the database's check values with {@link checkValue} so that this cannot happen later.
 */
export class KeyRing {
  /** Id of the key for new rows. */
  readonly currentId: string;
  /** All ids, the current one first. */
  readonly ids: readonly string[];
  readonly #purposeKeys: ReadonlyMap<string, Readonly<Record<KeyPurpose, PurposeKey>>>;

  /** @param keys {@link serverKeyBytes} bytes each, `currentId` among them. */
  constructor(currentId: string, keys: ReadonlyMap<string, Uint8Array>) {
    if (!keys.has(currentId)) throw new RangeError('the current key is not among the keys');
    this.currentId = currentId;
    this.ids = [currentId, ...[...keys.keys()].filter((id) => id !== currentId)];
    this.#purposeKeys = new Map([...keys].map(([id, key]) => [id, purposeKeys(key)]));
  }

  has(keyId: string): boolean {
    return this.#purposeKeys.has(keyId);
  }

  /** The key for one purpose, 32 bytes. */
  purposeKey(keyId: string, purpose: KeyPurpose): Uint8Array {
    return this.#key(keyId, purpose).bytes;
  }

  /** HMAC-SHA-256 of a code's bare symbols, in hexadecimal: what the cloud stores instead of the code. */
  hashCode(keyId: string, symbols: string): string {
    return createHmac('sha256', this.#key(keyId, 'code-hmac').object).update(symbols).digest('hex');
  }

  /** HMAC-SHA-256 of an `Idempotency-Key`, in hexadecimal: how a repeat by the same device is recognised. */
  hashClaimant(keyId: string, idempotencyKey: string): string {
    return createHmac('sha256', this.#key(keyId, 'claimant-hmac').object)
      .update(idempotencyKey)
      .digest('hex');
  }

  /**
   * The API key (`efk_…`) of a claim: HKDF-SHA-256 (RFC 5869) of the device's secret, salted with a server key. It
   * takes both to derive it, so the table alone gives nothing, and the same claim always gives the same key.
   */
  deriveApiKey(context: ApiKeyContext): string {
    const salt = this.#key(context.keyId, 'api-key-derivation').bytes;
    return formatApiKey(
      new Uint8Array(hkdfSync('sha256', context.idempotencyKey, salt, contextInfo(context), secretBytes)),
    );
  }

  /** The API key of a claim without an `Idempotency-Key`, from 32 random bytes. */
  formatKey(bytes: Uint8Array): string {
    return formatApiKey(bytes);
  }

  /** Public: stored in the database to tell the right key ring from a wrong one. 64 hexadecimal characters. */
  checkValue(keyId: string): string {
    return createHmac('sha256', this.#key(keyId, 'check-value').object).update(keyId).digest('hex');
  }

  #key(keyId: string, purpose: KeyPurpose): PurposeKey {
    const keys = this.#purposeKeys.get(keyId);
    if (keys === undefined) throw new Error(`server key "${keyId}" is not in the key ring`);
    return keys[purpose];
  }
}

/** The bytes, and the form that spares `createHmac` the import on every call. */
interface PurposeKey {
  readonly bytes: Uint8Array;
  readonly object: KeyObject;
}

function purposeKeys(key: Uint8Array): Record<KeyPurpose, PurposeKey> {
  if (key.length !== serverKeyBytes) {
    throw new RangeError(`a server key has ${String(serverKeyBytes)} bytes`);
  }
  const entries = purposes.map((purpose) => {
    const bytes = new Uint8Array(hkdfSync('sha256', key, noSalt, purposeLabel + purpose, serverKeyBytes));
    return [purpose, { bytes, object: createSecretKey(bytes) }];
  });
  return Object.fromEntries(entries) as Record<KeyPurpose, PurposeKey>;
}

/** Label and members, each with its length in front, so that no two contexts give the same bytes. */
function contextInfo(context: ApiKeyContext): string {
  const { organizationId, codeId, deviceId, credentialId } = context;
  let info = apiKeyLabel;
  for (const member of [organizationId, codeId, deviceId, credentialId]) {
    info += `:${String(member.length)}:${member}`;
  }
  return info;
}
