import { systemClock, systemTimers, type TimeSource } from '@edgeflow/platform';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { readCloudAddress } from '../address.ts';
import {
  type CloudTransportOptions,
  createCloudTransport,
  type ProbingTransport,
} from '../cloud-transport.ts';
import { type ProxySettings, readProxy } from '../proxy.ts';
import type { CloudAnswer, CloudTransport } from '../transport.ts';

export const realTime = { clock: systemClock, timers: systemTimers };

export function transportTo(
  url: string,
  options: Partial<Omit<CloudTransportOptions, 'address'>> = {},
): ProbingTransport {
  const reading = readCloudAddress(url);
  if (!reading.ok) throw new Error(reading.problem);
  return createCloudTransport({ address: reading.address, trust: { pins: [] }, time: realTime, ...options });
}

export function get(transport: CloudTransport, path = '/api/v1/time'): Promise<CloudAnswer> {
  return transport.request({ method: 'GET', path, headers: {}, timeoutMs: 60_000 });
}

/** @param credentials `user:password@`, percent-encoded, or nothing. */
export function proxyAt(port: number, credentials = '', exceptions = '', scheme = 'http'): ProxySettings {
  const reading = readProxy(`${scheme}://${credentials}127.0.0.1:${String(port)}`);
  if (!reading.ok) throw new Error(reading.problem);
  return { proxy: reading.proxy, exceptions };
}

/** A day of simulated seconds: what still waits then has no deadline, and its test may time out. */
const turnsMax = 86_400;

/**
 * The outcome of work whose time starts to fly (a second in each turn of the event loop) when `begins` resolves: by
 * then the work waits for nothing but its deadline.
 */
export async function outwait<T>(
  begins: Promise<unknown>,
  work: (time: TimeSource) => Promise<T>,
): Promise<PromiseSettledResult<T>> {
  const simulated = new SimulatedTime(Date.now());
  const state = { isSettled: false };
  const outcome = Promise.allSettled([work({ clock: simulated, timers: simulated })]).then(([result]) => {
    state.isSettled = true;
    return result;
  });
  await begins;
  for (let turns = 0; !state.isSettled && turns < turnsMax; turns += 1) await simulated.advance(1_000);
  return outcome;
}
