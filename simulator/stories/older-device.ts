import { readCloudAddress } from '../../apps/agent/src/net/address.ts';
import { onlyReleaseKnown } from '../../apps/agent/src/net/plausible-time.ts';
import type { CloudAnswer } from '../../apps/agent/src/net/transport.ts';
import { cloudUrl } from '../device/board.ts';
import { simulatedTransport } from '../device/transport.ts';
import { SimulatedProcess } from '../world/process.ts';
import type { Stage, Story } from './story.ts';

const timeoutMs = 30_000;

/**
 * A device of the field that sends no Idempotency-Key. An answer that is lost burns its code, which is what the
 * contract says; what is promised is that the code works once, and that a key it did hear is good.
 */
export function olderDevice(stage: Stage, network: { connect: ConnectOf }): Story {
  const { world } = stage;
  const process = new SimulatedProcess('older device', world.time);
  const reading = readCloudAddress(cloudUrl);
  if (!reading.ok) throw new Error('the address of the cloud');
  const ignore = (): void => undefined;
  const transport = simulatedTransport({
    address: reading.address,
    time: process.timeBy(world.time),
    knowledge: onlyReleaseKnown(0),
    connect: (signal) => network.connect(process, '10.9.0.1', signal),
    watch: { claims: ignore, presents: ignore, connected: ignore, acceptsKey: ignore },
  });
  const ask = async (
    method: 'GET' | 'POST',
    path: string,
    headers: Record<string, string>,
    body?: object,
  ) => {
    const request = { method, path, headers: { 'content-type': 'application/json', ...headers }, timeoutMs };
    try {
      return await transport.request({
        ...request,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch {
      return undefined;
    }
  };
  return {
    kind: 'older device',
    boards: [],
    onboardings: 1,
    play: async () => {
      let code = await stage.nextCode();
      for (;;) {
        const answer = await ask('POST', '/api/v1/devices/provision', {}, { provisioning_code: code });
        if (answer?.status === 201 && isJson(answer)) {
          const { device_id: id, api_key: key } = JSON.parse(answer.body) as {
            device_id: string;
            api_key: string;
          };
          if (await isAccepted(stage, () => ask('GET', `/api/v1/devices/${id}/shadow`, { 'x-api-key': key })))
            return;
          world.violate('a valid key is accepted', `an older device was answered a key that is refused`);
          return;
        }
        if (answer?.status === 409) code = await stage.nextCode();
        await stage.operator.sleep(2_000);
      }
    },
  };
}

type ConnectOf = (
  process: SimulatedProcess,
  address: string,
  signal: AbortSignal,
) => ReturnType<Parameters<typeof simulatedTransport>[0]['connect']>;

async function isAccepted(stage: Stage, ask: () => Promise<CloudAnswer | undefined>): Promise<boolean> {
  for (;;) {
    const answer = await ask();
    if (answer?.status === 200 && isJson(answer)) return true;
    if (answer !== undefined && answer.status >= 400 && answer.status < 500) return false;
    await stage.operator.sleep(1_000);
  }
}

function isJson({ headers }: CloudAnswer): boolean {
  return headers['content-type']?.includes('json') ?? false;
}
