/**
 * All hostile clients at once, in a process of their own. Started by bench/hostile.ts with the cloud's two addresses,
 * its CA file and a file with what they know; open what is closed again, at a bounded rate; end with their parent.
 * Prints one line of JSON a second: of each kind, how many are open and how often they were sent away.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type Attack, attacks, attackWith, type Victim } from './hostile/attack.ts';

const tickMs = 50;
const reportMs = 1_000;
/** New connections of one kind a second: the load generator must leave the cloud some of the processors. */
const openedPerSecond = 160;

const [secure = '', plain = '', caFile = '', knownFile = ''] = process.argv.slice(2);
const known = JSON.parse(readFileSync(knownFile, 'utf8')) as Pick<Victim, 'identities' | 'token'>;
const victim: Victim = {
  host: new URL(secure).hostname,
  securePort: Number(new URL(secure).port),
  plainPort: Number(new URL(plain).port),
  secureContext: createSecureContext({ ca: readFileSync(caFile) }),
  ...known,
};
const counts = attacks.map(({ name }) => ({ name, open: 0, opened: 0, closed: 0 }));

setInterval(() => {
  attacks.forEach(refill);
}, tickMs);
setInterval(() => {
  process.stdout.write(`${JSON.stringify({ hostile: counts })}\n`);
}, reportMs);

function refill(attack: Attack, kind: number): void {
  const count = counts[kind];
  if (count === undefined) return;
  // Handshakes are dear for both ends.
  const costs = attack.listener === 'https' && attack.bare !== true ? 10 : 1;
  const room = Math.ceil((openedPerSecond * tickMs) / 1000 / costs);
  for (let opened = 0; opened < room && count.open < attack.clients; opened += 1) {
    const socket = attackWith(attack, victim);
    count.open += 1;
    count.opened += 1;
    socket.once('close', () => {
      count.open -= 1;
      count.closed += 1;
    });
    attack.act(socket, victim, count.opened);
  }
}
