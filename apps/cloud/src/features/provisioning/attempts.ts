import { macAddressSchema } from '@edgeflow/contract';
import { sql } from 'kysely';
import type { Tx } from '../../storage/database.ts';
import { forEachRow } from '../../storage/rows.ts';
import type { CodeAttemptRow } from '../../storage/tables.ts';
import type { JudgedClaim } from './claim.ts';

/** Of what a device says of itself, this much is kept beside the code that refused it. */
const factLengthMax = 128;

const columns = {
  code_id: 'text',
  organization_id: 'text',
  at_ms: 'bigint',
  reason: 'text',
  address: 'text',
  mac_address: 'text',
  serial_number: 'text',
  board_model: 'text',
} as const;

/**
 * Keeps the last refused attempt of each code. The codes are held by the transaction, so that no two write the same
 * row at once. Attempts with unknown codes belong to nobody and are not here.
 */
export async function keepLastAttempts(tx: Tx, judged: readonly JudgedClaim[]): Promise<void> {
  const last = new Map<string, CodeAttemptRow>();
  for (const one of judged) {
    const row = attemptOf(one, tx.nowMs);
    if (row !== undefined) last.set(row.code_id, row);
  }
  await forEachRow(tx, columns, [...last.values()], (r, from) => {
    const names = Object.keys(columns);
    const values = sql.join(names.map((name) => r[name as keyof typeof columns]));
    const source = tx.kind === 'postgres' ? sql`select ${values} ${from}` : sql`values (${values})`;
    return sql`insert into code_attempts (${sql.raw(names.join(', '))}) ${source}
      on conflict (code_id) do update set at_ms = excluded.at_ms, reason = excluded.reason,
        address = excluded.address, mac_address = excluded.mac_address,
        serial_number = excluded.serial_number, board_model = excluded.board_model`;
  });
}

function attemptOf({ claim, code, outcome }: JudgedClaim, atMs: number): CodeAttemptRow | undefined {
  if (code === undefined || outcome.kind !== 'refused') return undefined;
  const { mac_address: mac } = claim.network.value;
  const { board_model: board, serial_number: serial } = claim.hardware.value;
  return {
    code_id: code.id,
    organization_id: code.organization_id,
    at_ms: atMs,
    reason: outcome.code,
    address: claim.address,
    // In the form that a binding has, so that the two can be compared by eye.
    mac_address: short(macAddressSchema.safeParse(mac ?? '').data ?? mac),
    serial_number: short(serial),
    board_model: short(board),
  };
}

function short(text: string | null | undefined): string | null {
  const plain = text?.trim().slice(0, factLengthMax).toWellFormed();
  return plain === undefined || plain === '' ? null : plain;
}
