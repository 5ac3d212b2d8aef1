/**
 * A fleet that behaves, in a process of its own: tunnels that beat their hearts, and new devices that register one
 * after the other, each over a TLS connection of its own. Started by bench/hostile.ts with the cloud's address, its CA
 * file and a file of identities and codes. Prints one line of JSON a second; what happened since the line before.
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { targetOf } from './load/dial.ts';
import { clientFrame } from './load/frames.ts';
import { loadHttp } from './load/http-load.ts';
import { type Identity, registrationRequests } from './load/registration-requests.ts';
import { connectFrames, openTunnels } from './load/tunnels.ts';
import { percentile } from './report/statistics.ts';

const atOnce = 64;
const tickMs = 100;
const reportMs = 1_000;
/** Ten times as often as real devices do, so that a second has enough of them to speak of. */
const heartbeatMs = 3_000;
const registrationsPerSecond = 5;
/** A frame of its size is read and answered like a shorter one. */
const ping = clientFrame(JSON.stringify({ type: 'ping', note: 'x'.repeat(120) }));

const [url = '', caFile = '', fleetFile = ''] = process.argv.slice(2);
const fleet = JSON.parse(readFileSync(fleetFile, 'utf8')) as { identities: Identity[]; codes: string[] };
const target = targetOf(new URL(url), caFile);
const registrations = registrationRequests(new URL(url).host, fleet.codes).values();

let beats: number[] = [];
let registrationsMs: number[] = [];
let lost = 0;
const refused: string[] = [];

const { sockets } = await openTunnels(target, connectFrames(fleet.identities), atOnce);
const beatFunctions = sockets.map(heart);
let next = 0;
setInterval(() => {
  const share = Math.ceil((sockets.length * tickMs) / heartbeatMs);
  for (let index = 0; index < share; index += 1) beatFunctions[next++ % sockets.length]?.();
}, tickMs);
setInterval(() => void register(), reportMs / registrationsPerSecond);
setInterval(report, reportMs);
process.stdout.write(`${JSON.stringify({ ready: sockets.length })}\n`);

/** @returns what makes this tunnel beat once */
function heart(socket: Socket): () => void {
  let sentMs: number | undefined;
  socket.removeAllListeners('close').on('data', () => {
    if (sentMs === undefined) return;
    beats.push(performance.now() - sentMs);
    sentMs = undefined;
  });
  socket.once('close', () => {
    lost += 1;
  });
  return () => {
    if (sentMs !== undefined || socket.destroyed) return;
    sentMs = performance.now();
    socket.write(ping);
  };
}

async function register(): Promise<void> {
  const { value } = registrations.next();
  if (value === undefined) return;
  const startMs = performance.now();
  try {
    await loadHttp(target, 1, [value], 201);
    registrationsMs.push(performance.now() - startMs);
  } catch (error) {
    refused.push(error instanceof Error ? error.message : String(error));
  }
}

function report(): void {
  const sorted = beats.toSorted((a, b) => a - b);
  const honest = { beats: sorted.length, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
  const registered = registrationsMs.length;
  const slowestMs = Math.max(0, ...registrationsMs);
  process.stdout.write(
    `${JSON.stringify({ honest: { ...honest, worst: sorted.at(-1), registered, slowestMs, lost, refused } })}\n`,
  );
  beats = [];
  registrationsMs = [];
}
