/**
 * Holds idle tunnels in a process of its own, so that a server's memory can be measured. Started by the bench with
 * the server's address, the file of the identities, how many to use, and for TLS the CA file. Prints how many are
 * open as one line of JSON, and keeps them until it is stopped.
 */
import { readFileSync } from 'node:fs';
import { targetOf } from './load/dial.ts';
import type { Identity } from './load/registration-requests.ts';
import { connectFrames, openTunnels } from './load/tunnels.ts';

const atOnce = 64;
const [url = '', identityFile = '', count = '0', caFile] = process.argv.slice(2);
const identities = JSON.parse(readFileSync(identityFile, 'utf8')) as Identity[];
const frames = connectFrames(identities.slice(0, Number(count)));
const { sockets } = await openTunnels(targetOf(new URL(url), caFile), frames, atOnce);
process.stdout.write(`${JSON.stringify({ tunnels: sockets.length })}\n`);
