import { createHash } from 'node:crypto';
import { Agent, request } from 'node:http';

/** Answers of a registration, as far as they are compared. */
export interface Answer {
  readonly status: number;
  readonly isReplay: boolean;
  readonly body: string;
}

/** An `Idempotency-Key` like a device's. */
export function claimantKey(name: string): string {
  return createHash('sha256').update(name).digest('base64url');
}

/** Sends all registrations at once, each on a socket of its own that is open before the first of them is sent. */
export async function redeemAtOnce(
  code: string,
  deliveries: readonly { readonly node: URL; readonly idempotencyKey: string }[],
): Promise<Answer[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: Infinity });
  try {
    await Promise.all(deliveries.map(({ node }) => send(agent, new URL('/healthz', node), 'GET', {})));
    return await Promise.all(
      deliveries.map(({ idempotencyKey, node }) => redeem(agent, node, code, idempotencyKey)),
    );
  } finally {
    agent.destroy();
  }
}

/** One registration. */
export function redeem(agent: Agent, node: URL, code: string, idempotencyKey: string): Promise<Answer> {
  const body = JSON.stringify({
    provisioning_code: code,
    hardware_info: { os: 'linux', arch: 'arm64' },
    network_info: { hostname: 'race' },
  });
  const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
  return send(agent, new URL('/api/v1/devices/provision', node), 'POST', headers, body);
}

function send(
  agent: Agent,
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { method, agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.once('error', reject).once('end', () => {
        const isReplay = answer.headers['idempotent-replayed'] === 'true';
        resolve({ status: answer.statusCode ?? 0, isReplay, body: text });
      });
    });
    call.once('error', reject);
    call.end(body);
  });
}
