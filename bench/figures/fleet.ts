import { targetOf } from '../load/dial.ts';
import { loadHttp } from '../load/http-load.ts';
import { type Identity, readIdentities, registrationRequests } from '../load/registration-requests.ts';
import type { BenchCloud } from '../support/cloud.ts';

const devicesAtOnce = 64;

/** Registers devices, to be used afterwards. */
export async function registerFleet(cloud: BenchCloud, devices: number): Promise<Identity[]> {
  const requests = registrationRequests(cloud.plain.host, await cloud.operator.makeCodes(devices));
  const { bodies } = await loadHttp(targetOf(cloud.plain), devicesAtOnce, requests, 201);
  return readIdentities(bodies, new Set());
}
