/**
 * A fleet that behaves, in a process of its own: tunnels that beat their hearts, and new devices that register one
 * after the other, as the agent does, each over a TLS connection of its own. Started by bench/hostile.ts with the cloud's address, its CA
 * file and a file of identities and codes. Prints one line of JSON a second; what happened since the line before.
 */
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { Registrar } from './hostile/registrar.ts';
import { targetOf } from './load/dial.ts';
import { clientFrame } from './load/frames.ts';
import type { Identity } from './load/registration-requests.ts';
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
const codes = fleet.codes.values();
const registrar = new Registrar(url, readFileSync(caFile, 'utf8'));

let beats: number[] = [];
let lost = 0;

const { sockets } = await openTunnels(target, connectFrames(fleet.identities), atOnce);
const beatFunctions = sockets.map(heart);
let next = 0;
setInterval(() => {
  const share = Math.ceil((sockets.length * tickMs) / heartbeatMs);
  for (let index = 0; index < share; index += 1) beatFunctions[next++ % sockets.length]?.();
}, tickMs);
setInterval(() => {
  const { value } = codes.next();
  if (value !== undefined) void registrar.register(value);
}, reportMs / registrationsPerSecond);
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

function report(): void {
  const sorted = beats.toSorted((a, b) => a - b);
  const honest = { beats: sorted.length, p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
  const took = registrar.takeDurations();
  const { failures, oldestMs, refused, retried, unfinished } = registrar;
  const registrations = { registered: took.length, slowestMs: Math.max(0, ...took), retried, unfinished };
  const harm = { lost, refused, failures, oldestMs };
  process.stdout.write(
    `${JSON.stringify({ honest: { ...honest, worst: sorted.at(-1), ...registrations, ...harm } })}\n`,
  );
  beats = [];
}
