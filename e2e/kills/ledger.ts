import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What the registry holds of one code and of what was made of it. */
export interface CodeFacts {
  readonly isUsed: boolean;
  readonly deviceId: string | undefined;
  /** Devices that name this code as theirs. */
  readonly devices: number;
  readonly keys: readonly Key[];
  /** A new key is still to be offered. */
  readonly isRotationWanted: boolean;
}

export interface Key {
  readonly id: string;
  readonly state: 'issued' | 'active';
  readonly origin: string;
}

export interface Totals {
  readonly devices: number;
  readonly usedCodes: number;
}

/** A look into the database file, by nobody's code but SQLite's. */
export interface Ledger {
  code(codeId: string): CodeFacts;
  totals(): Totals;
}

/** Reads the database of a cloud that is running. */
export function readLiveLedger<T>(file: string, look: (ledger: Ledger) => T): T {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    return look(ledgerOf(database));
  } finally {
    database.close();
  }
}

/**
 * Reads what a killed cloud has left, from a copy: opening the file itself would do the recovery that the next start
 * of the cloud has to do.
 */
export function readDeadLedger<T>(file: string, look: (ledger: Ledger) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'edgeflow-ledger-'));
  try {
    const copy = join(folder, basename(file));
    for (const suffix of ['', '-wal']) {
      if (existsSync(file + suffix)) cpSync(file + suffix, copy + suffix);
    }
    const database = new DatabaseSync(copy);
    try {
      const { integrity_check: verdict } = database.prepare('pragma integrity_check').get() ?? {};
      if (verdict !== 'ok') throw new Error(`the database is damaged: ${String(verdict)}`);
      return look(ledgerOf(database));
    } finally {
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ledgerOf(database: DatabaseSync): Ledger {
  return {
    code: (codeId) => {
      const code = database
        .prepare('select state, used_device_id from provisioning_codes where id = ?')
        .get(codeId);
      if (code === undefined) throw new Error(`the cloud has lost the code ${codeId}`);
      const deviceId = code['used_device_id'] === null ? undefined : String(code['used_device_id']);
      const made = database
        .prepare('select id, rotation_wanted_at_ms from devices where code_id = ?')
        .all(codeId);
      const keys = database
        .prepare("select id, state, origin from credentials where state <> 'ended' and device_id = ?")
        .all(deviceId ?? '') as unknown as Key[];
      const isRotationWanted = made.some((row) => row['rotation_wanted_at_ms'] !== null);
      return { isUsed: code['state'] === 'used', deviceId, devices: made.length, keys, isRotationWanted };
    },
    totals: () => {
      const devices = database.prepare('select count(*) as n from devices').get()?.['n'];
      const used = database
        .prepare("select count(*) as n from provisioning_codes where state = 'used'")
        .get();
      return { devices: Number(devices), usedCodes: Number(used?.['n']) };
    },
  };
}
