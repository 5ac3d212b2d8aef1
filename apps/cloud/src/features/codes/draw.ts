import {
  displayCode,
  makeProvisioningCode,
  type OrderedIds,
  parseProvisioningCode,
} from '@edgeflow/contract';
import type { Random } from '@edgeflow/platform';
import type { KeyRing } from '../../keyring/index.ts';
import { storableJson } from '../../storage/text.ts';
import type { NewCode } from './store.ts';

export interface DrawOptions {
  readonly keyRing: KeyRing;
  readonly random: Random;
  readonly nextId: OrderedIds;
}

/** What a new code is to be like. */
export interface CodeSpec {
  readonly organizationId: string;
  readonly createdBy: string;
  readonly groups: number;
  readonly name: string | null;
  readonly batchId: string | null;
  readonly deviceName: string | null;
  readonly tags: readonly string[];
  readonly deviceGroup: string | null;
  readonly macAddress: string | null;
  readonly serialNumber: string | null;
  readonly boardModel: string | null;
  /** The device that it re-provisions. */
  readonly targetDeviceId: string | null;
  readonly nowMs: number;
  readonly expiresAtMs: number;
}

/** Draws a code: its text, and the row that holds everything else. */
export function drawCode(options: DrawOptions, spec: CodeSpec): { row: NewCode; code: string } {
  const { keyRing, nextId, random } = options;
  const code = makeProvisioningCode(spec.groups, random.bytes);
  const symbols = parseProvisioningCode(code);
  if (symbols === undefined || displayCode(symbols) !== code)
    throw new Error('a made code does not read back');
  const row: NewCode = {
    id: nextId('code'),
    organization_id: spec.organizationId,
    code_hash: keyRing.hashCode(keyRing.currentId, symbols),
    server_key_id: keyRing.currentId,
    group_count: spec.groups,
    name: spec.name,
    batch_id: spec.batchId,
    device_name: spec.deviceName,
    tags: storableJson(spec.tags),
    device_group: spec.deviceGroup,
    bind_mac_address: spec.macAddress,
    bind_serial_number: spec.serialNumber,
    bind_board_model: spec.boardModel,
    target_device_id: spec.targetDeviceId,
    created_at_ms: spec.nowMs,
    created_by: spec.createdBy,
    expires_at_ms: spec.expiresAtMs,
  };
  return { row, code };
}
