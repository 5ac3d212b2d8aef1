import { Server, Socket } from 'node:net';
import { SimulatedTime } from '@edgeflow/platform/simulated';
import { beforeEach, describe, expect, it } from 'vitest';
import { type NetworkSet, noNetworks, parseNetworks } from './addresses.ts';
import { SlowLane } from './slow-lane.ts';

const costly = '203.0.113.7';
const other = '198.51.100.4';

describe('the slow lane', () => {
  let time: SimulatedTime;
  let server: Server;
  let entered: Socket[];
  let lane: SlowLane;

  beforeEach(() => {
    time = new SimulatedTime(0);
    entered = [];
    openLane(noNetworks);
  });

  function openLane(proxies: NetworkSet): void {
    server = new Server();
    server.on('connection', (socket: Socket) => entered.push(socket));
    lane = new SlowLane({ clock: time, timers: time }, proxies);
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

  it('lets one of a costly address in a turn, in their order, and passes over who has gone', async () => {
    lane.slowDown(socketOf(costly));
    const sockets = Array.from({ length: 5 }, () => connect(costly));
    sockets[1]?.destroy();
    const seen: number[] = [];
    for (let turns = 0; turns < 4; turns += 1) {
      await turn();
      seen.push(entered.length);
    }
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(entered).toEqual(sockets.filter((_, index) => index !== 1));
    expect(lane.waiting).toBe(0);
  });

  it('serves several costly addresses side by side, and takes an IPv6 /64 for one', async () => {
    lane.slowDown(socketOf(costly));
    lane.slowDown(socketOf('2001:db8:1:2::1'));
    for (let count = 0; count < 3; count += 1) {
      connect(costly);
      connect(`2001:db8:1:2::${String(count + 2)}`);
    }
    expect(entered).toHaveLength(0);
    await time.step();
    expect(entered.map(({ remoteAddress }) => remoteAddress)).toEqual([costly, '2001:db8:1:2::2']);
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

  it('remembers so many addresses, and forgets first whose time is over', async () => {
    const address = (index: number): string => `10.0.${String(index >> 8)}.${String(index & 255)}`;
    for (let index = 0; index < 1_024; index += 1) lane.slowDown(socketOf(address(index)));
    lane.slowDown(socketOf(costly));
    connect(costly);
    expect(entered).toHaveLength(1);
    await time.advance(60_000);
    lane.slowDown(socketOf(costly));
    connect(costly);
    expect(entered).toHaveLength(1);
  });
});
