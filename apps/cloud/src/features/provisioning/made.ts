import type { CodeRow, DeviceRow } from '../../storage/tables.ts';
import type { Redemption } from './claim.ts';
import type { MadeCredential } from './decide.ts';

export type HeldDevice = Pick<DeviceRow, 'lifecycle' | 'name' | 'readmit_credential_id'>;

/** What a claim has made of its code, for those that follow in its batch. */
export interface Made {
  readonly code: CodeRow;
  readonly device: HeldDevice;
  readonly credential: MadeCredential;
}

/**
 * What the claims that follow in the batch find.
 *
 * @param lifecycle of the device that was re-provisioned; a new one is active
 */
export function madeBy(
  redemption: Redemption,
  name: string | null,
  lifecycle: HeldDevice['lifecycle'] = 'active',
): Made {
  const { code, credentialId, deviceId } = redemption;
  return {
    // Read lazily: almost no claim shares its batch with another on the same code, and the row is wide.
    get code(): CodeRow {
      return {
        ...code,
        state: 'used',
        used_device_id: deviceId,
        used_credential_id: credentialId,
        claimant_hash: redemption.claimantHash,
        answer_expires_at_ms: redemption.keyExpiresAtMs,
      };
    },
    device: { lifecycle, name, readmit_credential_id: credentialId },
    credential: {
      id: credentialId,
      device_id: deviceId,
      key_hash: redemption.keyHash,
      state: 'issued',
      expires_at_ms: redemption.keyExpiresAtMs,
      authenticated_at_ms: null,
    },
  };
}
