import { Server, Socket } from 'node:net';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import { type NetworkSet, noNetworks, parseNetworks } from './addresses.ts';
import { insideMax, SlowLane, waitingMax } from './slow-lane.ts';

const costly = '203.0.113.7';
const other = '198.51.100.4';

describe('the slow lane', () => {
  let time: SimulatedTime;
  let server: Server;
  let entered: Socket[];
  let lane: SlowLane;
  /** What the waiting room holds of each address, besides those in a lane. */
  let inside: Map<string, number>;
  let sentAway: string[];
  let turnedOver: string[];

  beforeEach(() => {
    time = new SimulatedTime(0);
    openLane(noNetworks);
  });

  function openLane(proxies: NetworkSet): void {
    entered = [];
    inside = new Map();
    sentAway = [];
    turnedOver = [];
    server = new Server();
    server.on('connection', (socket: Socket) => entered.push(socket));
    lane = new SlowLane({ clock: time, timers: time }, proxies, {
      waitingOf: (address) => (inside.get(address) ?? 0) + lane.waiting,
      sendAway: (address) => sentAway.push(address),
      sendAwayOldest: (address, isSpared) => {
        expect(isSpared(new Socket())).toBe(false);
        turnedOver.push(address);
      },
    });
    lane.guard(server);
  }

  function socketOf(remoteAddress: string): Socket {
    return Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress });
  }

  function connect(remoteAddress: string): Socket {
    const socket = socketOf(remoteAddress);
    server.emit('connection', socket);
    return socket;
  }

  /** What was due when it began. */
  const turn = (): Promise<boolean> => time.step();

  it('lets everybody in at once until somebody was costly, and then everybody else', () => {
    connect(costly);
    expect(entered).toHaveLength(1);
    lane.slowDown(socketOf(costly));
    connect(other);
    expect(entered).toHaveLength(2);
    connect(costly);
    expect(entered).toHaveLength(2);
    expect(lane.waiting).toBe(1);
  });

  it('ends what a costly address has waiting, once', () => {
    lane.slowDown(socketOf(costly));
    lane.slowDown(socketOf(costly));
    expect(sentAway).toEqual([costly]);
  });

  it('lets a few of a costly address in, one a turn and in their order, and passes over who has gone', async () => {
    lane.slowDown(socketOf(costly));
    const sockets = Array.from({ length: 5 }, () => connect(costly));
    sockets[1]?.emit('close');
    const seen: number[] = [];
    for (let turns = 0; turns < 4; turns += 1) {
      await turn();
      seen.push(entered.length);
    }
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(entered).toEqual(sockets.filter((_, index) => index !== 1));
    expect(lane.waiting).toBe(0);
  });

  it('turns over those of a costly address that wait inside, one of them in a sixteenth of a second', async () => {
    lane.slowDown(socketOf(costly));
    inside.set(costly, insideMax);
    for (let count = 0; count < 100; count += 1) connect(costly);
    await time.advance(1_000);
    expect(entered.length).toBeGreaterThan(insideMax / 2);
    expect(entered.length).toBeLessThanOrEqual(insideMax + 1);
    expect(turnedOver).toHaveLength(entered.length);
    // Where one has gone by itself, another follows at once and in nobody's place.
    inside.set(costly, insideMax - 1);
    await time.advance(20);
    expect(entered.length).toBeGreaterThan(turnedOver.length);
  });

  it('serves several costly addresses in turns, a few a turn, and takes an IPv6 /64 for one', async () => {
    const addresses = Array.from({ length: 5 }, (_, index) => `2001:db8:1:${String(index)}::1`);
    for (const address of addresses) lane.slowDown(socketOf(address));
    for (const address of addresses) {
      connect(address);
      connect(address.replace('::1', '::2'));
    }
    const of = (index: number, host: number): string => `2001:db8:1:${String(index)}::${String(host)}`;
    await turn();
    expect(entered.map(({ remoteAddress }) => remoteAddress)).toEqual([
      of(0, 1),
      of(1, 1),
      of(2, 1),
      of(3, 1),
    ]);
    await turn();
    expect(entered.slice(4).map(({ remoteAddress }) => remoteAddress)).toEqual([
      of(4, 1),
      of(0, 2),
      of(1, 2),
      of(2, 2),
    ]);
  });

  it('forgets after a minute without a cost, and not before', async () => {
    lane.slowDown(socketOf(costly));
    await time.advance(59_999);
    lane.slowDown(socketOf(costly));
    await time.advance(59_999);
    connect(costly);
    expect(entered).toHaveLength(0);
    await turn();
    await time.advance(1);
    connect(costly);
    expect(entered).toHaveLength(2);
  });

  it('never slows a proxy down, which speaks for many', () => {
    const reading = parseNetworks('203.0.113.0/24');
    if (!reading.ok) throw new Error(reading.problem);
    openLane(reading.networks);
    lane.slowDown(socketOf(`::ffff:${costly}`));
    connect(`::ffff:${costly}`);
    expect(entered).toHaveLength(1);
  });

  it('slows so many addresses down at once, never anybody else, and forgets', async () => {
    const address = (index: number): string => `10.0.${String(index >> 8)}.${String(index & 255)}`;
    for (let index = 0; index < 8_192; index += 1) lane.slowDown(socketOf(address(index)));
    lane.slowDown(socketOf(costly));
    connect(costly);
    connect(other);
    expect(entered).toHaveLength(2);
    await time.advance(60_000);
    lane.slowDown(socketOf(costly));
    connect(costly);
    expect(entered).toHaveLength(2);
  });

  it('ends at its time, though somebody waits', async () => {
    lane.slowDown(socketOf(costly));
    await time.advance(59_999);
    inside.set(costly, insideMax);
    for (let count = 0; count < 10; count += 1) connect(costly);
    await time.advance(1);
    const before = entered.length;
    connect(costly);
    expect(entered).toHaveLength(before + 1);
  });

  it('holds so many sockets and no more: the flood makes way for whoever comes beside it', () => {
    lane.slowDown(socketOf(costly));
    lane.slowDown(socketOf(other));
    const first = connect(other);
    const flood = Array.from({ length: waitingMax }, () => connect(costly));
    expect(first.destroyed).toBe(false);
    expect(flood.filter(({ destroyed }) => destroyed)).toEqual([flood[0]]);
  });
});
