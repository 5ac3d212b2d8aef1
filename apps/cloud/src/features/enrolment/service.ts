import type { Enrolment, Onboarding } from '@edgeflow/contract';
import { toRfc3339 } from '@edgeflow/platform';
import { ProblemError } from '../../http/problems.ts';
import type { Database } from '../../storage/database.ts';
import type { Codes } from '../codes/index.ts';
import type { Devices } from '../devices/index.ts';
import type { Operator } from '../identity/index.ts';
import { firstUseOf, lastAttempt } from './store.ts';

export interface EnrolmentsOptions {
  readonly database: Database;
  readonly codes: Codes;
  readonly devices: Devices;
  /** Where devices reach the cloud, without a slash at its end. */
  readonly publicUrl: () => string;
  /** SPKI pins that devices need; none when a public authority stands behind the certificate. */
  readonly pins: () => readonly string[];
  readonly caPem: () => string | undefined;
}

/** What a person who puts a code on a device wants to see. */
export class Enrolments {
  readonly #options: EnrolmentsOptions;

  constructor(options: EnrolmentsOptions) {
    this.#options = options;
  }

  settings(): Enrolment {
    const { caPem, pins, publicUrl } = this.#options;
    return { public_url: publicUrl(), pins: [...pins()], development_ca: caPem() !== undefined };
  }

  /** How far a code of the operator's organization has come. */
  async onboarding(operator: Operator, id: string): Promise<Onboarding> {
    const { codes, database } = this.#options;
    const code = await codes.read(operator, id);
    const attempt = await lastAttempt(database, operator.organizationId, id);
    return {
      at: toRfc3339(await database.nowMs()),
      code,
      last_attempt: attempt ?? null,
      device: code.used_by === null ? null : await this.#device(operator, id, code.used_by),
    };
  }

  async #device(operator: Operator, codeId: string, deviceId: string): Promise<Onboarding['device']> {
    const { database, devices } = this.#options;
    try {
      const device = await devices.read(operator, deviceId);
      const { hardware_info: hardware, network_info: network } = device;
      return {
        device_id: deviceId,
        name: device.name,
        hostname: textOrNull(network['hostname']),
        board_model: textOrNull(hardware['board_model']),
        status: device.status,
        first_connected_at: await firstUseOf(database, operator.organizationId, codeId),
        last_close_reason: device.last_close_reason,
      };
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'device_not_found') return null;
      throw error;
    }
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
