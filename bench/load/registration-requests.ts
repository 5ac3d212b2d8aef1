import { randomBytes } from 'node:crypto';

export const idempotencyKeyBytes = 32;

/** One registration a code, as bytes that are ready to be sent: each its own device with its own Idempotency-Key. */
export function registrationRequests(host: string, codes: readonly string[]): Buffer[] {
  return codes.map((code, index) => {
    const body = JSON.stringify(registration(code, index));
    const head = [
      'POST /api/v1/devices/provision HTTP/1.1',
      `Host: ${host}`,
      'Content-Type: application/json',
      `Content-Length: ${String(Buffer.byteLength(body))}`,
      `Idempotency-Key: ${randomBytes(idempotencyKeyBytes).toString('base64url')}`,
      'User-Agent: edgeflow-agent/0.1.0',
    ];
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
  });
}

/** What a Raspberry Pi says of itself (wire contract, section 2). */
export function registration(code: string, index: number): object {
  const hex = index.toString(16).padStart(6, '0');
  return {
    provisioning_code: code,
    hardware_info: {
      board_model: 'Raspberry Pi 4 Model B Rev 1.4',
      cpu_cores: 4,
      ram_mb: 4096,
      os: 'linux',
      arch: 'arm64',
      kernel: '6.1.0-rpi7-rpi-2712',
      serial_number: `10000000${hex.padStart(8, '0')}`,
      agent_version: '0.1.0',
    },
    network_info: {
      hostname: `edgeflow-pi-${String(index).padStart(5, '0')}`,
      ip_address: `192.168.${String((index >> 8) & 255)}.${String(index & 255)}`,
      mac_address: `dc:a6:32:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`,
      connection_type: 'ethernet',
    },
  };
}

export interface Identity {
  readonly device_id: string;
  readonly api_key: string;
}

/** The identities in the answers; throws when one was given twice or is incomplete. */
export function readIdentities(bodies: readonly string[], known: Set<string>): Identity[] {
  return bodies.map((body) => {
    const { device_id, api_key } = JSON.parse(body) as Partial<Identity>;
    if (device_id === undefined || api_key === undefined) throw new Error('an answer holds no identity');
    if (known.has(device_id)) throw new Error(`two registrations were given ${device_id}`);
    known.add(device_id);
    return { device_id, api_key };
  });
}
