import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseNetworks } from '../http/addresses.ts';
import { eventually, eventuallyTrue } from '../testing/eventually.ts';
import { opcodes, rawFrame, rawText, RawTunnel } from '../testing/raw-frames.ts';
import { startTestCloud, type TestCloud } from '../testing/test-cloud.ts';
import { type Identity, TestDevice } from '../testing/test-device.ts';
import { refusalLinesMax } from './refusal-log.ts';

const second = 1000;
const ping = rawText({ type: 'ping' });

let cloud: TestCloud;
let honest: TestDevice;
const tunnels: RawTunnel[] = [];
const devices: TestDevice[] = [];

beforeAll(async () => {
  cloud = await startTestCloud('sqlite');
  honest = await TestDevice.connect(cloud.origin, await makeIdentity());
});
afterEach(async () => {
  for (const { socket } of tunnels.splice(0)) socket.destroy();
  for (const device of devices.splice(0)) device.socket.terminate();
  // Whatever was done: it goes on as before, and may soon say as much as ever.
  await honest.settled();
  await cloud.time.advance(20 * second);
});
afterAll(async () => {
  honest.socket.terminate();
  await cloud.discard();
});

function makeIdentity(): Promise<Identity> {
  return cloud.owner.call('createDevice', 201, { body: {} });
}

async function open(headers: readonly string[] = []): Promise<RawTunnel> {
  const tunnel = await RawTunnel.open(cloud.origin, headers);
  tunnels.push(tunnel);
  return tunnel;
}

function connectFrame(identity: Identity): Buffer {
  return rawText({ type: 'connect', ...identity, version: '1.0.0' });
}

/** A tunnel of a device that holds a good key, and means no good. */
async function connect(): Promise<{ tunnel: RawTunnel; id: string }> {
  const identity = await makeIdentity();
  const tunnel = await open();
  tunnel.socket.write(connectFrame(identity));
  await eventuallyTrue('connected', () => tunnel.count('"connected"') === 1);
  return { tunnel, id: identity.device_id };
}

function closing(tunnel: RawTunnel): Promise<string> {
  return eventually('its close', () => tunnel.closing);
}

describe('a tunnel', () => {
  it('agrees on no compression, and takes no compressed frame', async () => {
    const tunnel = await open(['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits']);
    tunnel.socket.write(rawFrame({ opcode: opcodes.text, payload: 'x', compressed: true }));
    expect(await closing(tunnel)).toMatch(/^1002/);
  });

  it('reads frames that come byte by byte', async () => {
    const tunnel = await open();
    for (const byte of connectFrame(await makeIdentity())) {
      tunnel.socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await eventuallyTrue('connected', () => tunnel.count('"connected"') === 1);
  });

  it('reads messages in pieces, but not in endlessly many, nor beyond 64 KiB', async () => {
    const pieces = (count: number, payload: string): Buffer =>
      Buffer.concat(
        Array.from({ length: count }, (_, index) =>
          rawFrame({
            opcode: index === 0 ? opcodes.text : opcodes.continuation,
            payload,
            final: false,
          }),
        ),
      );
    const fair = await connect();
    const last = rawFrame({ opcode: opcodes.continuation, payload: '"}' });
    const start = rawFrame({ opcode: opcodes.text, payload: '{"type":"ping","note":"', final: false });
    const middle = rawFrame({ opcode: opcodes.continuation, payload: 'x'.repeat(250), final: false });
    fair.tunnel.socket.write(Buffer.concat([start, ...Array.from({ length: 255 }, () => middle), last]));
    await eventuallyTrue('its pong', () => fair.tunnel.count('"pong"') === 1);

    const many = await open();
    many.socket.write(pieces(600, ''));
    expect(await closing(many)).toMatch(/^1008/);
    const large = await open();
    large.socket.write(pieces(20, 'x'.repeat(4_096)));
    expect(await closing(large)).toMatch(/^1009/);
  });

  it('is closed over bytes that are no UTF-8, and over a frame without a mask', async () => {
    const tunnel = await open();
    tunnel.socket.write(rawFrame({ opcode: opcodes.text, payload: Buffer.from([0x22, 0xff, 0x22]) }));
    expect(await closing(tunnel)).toMatch(/^1007/);
    const bare = await open();
    bare.socket.write(Buffer.from([0x81, 0x02, 0x7b, 0x7d]));
    expect(await closing(bare)).toMatch(/^1002/);
  });
});

/** Tunnels that the cloud has closed with 4429 for what they sent. */
async function floodedCount(): Promise<number> {
  const text = await (await fetch(`${cloud.origin}/metrics`)).text();
  return Number(/^edgeflow_tunnel_outcomes_total\{outcome="flooded"\} (\d+)$/m.exec(text)?.[1]);
}

/** Sends as much as it can at one moment of the cloud's time, and looks what becomes of it. */
async function floodInVain(tunnel: RawTunnel, frame: Buffer): Promise<void> {
  const { socket } = tunnel;
  const some = Buffer.concat(Array.from({ length: Math.ceil(262_144 / frame.length) }, () => frame));
  // The kernel holds a few megabytes for whoever does not read.
  const bytesMax = 100_000_000;
  /** Others are served as long as it takes a reader to read on. */
  const isStuck = async (): Promise<boolean> => {
    for (let round = 0; round < 20 && socket.writableNeedDrain; round += 1) await honest.settled();
    return socket.writableNeedDrain || socket.destroyed;
  };
  const floodedBefore = await floodedCount();
  let sent = 0;
  for (; sent < bytesMax && !(await isStuck()); sent += some.length) socket.write(some);
  expect(sent).toBeLessThan(bytesMax);
  // A reset may overtake the close frame.
  if (tunnel.closing !== undefined) expect(tunnel.closing).toMatch(/^4429 [2-9]\d+$/);
  if (tunnel.closing !== undefined || socket.destroyed) expect(await floodedCount()).toBe(floodedBefore + 1);
  // What it may say at once, and what had come with that.
  expect(tunnel.frames().length).toBeLessThan(3_000);
}

describe('a device that sends a flood', () => {
  it('of a thousand pings at once is honest: each is answered, and no pause follows', async () => {
    const { tunnel } = await connect();
    // The frame that said who it is counts as well, and is forgotten by now.
    await cloud.time.advance(second);
    tunnel.socket.write(Buffer.concat(Array.from({ length: 1_000 }, () => ping)));
    await eventuallyTrue('all pongs', () => tunnel.count('"pong"') === 1_000);
    tunnel.socket.write(ping);
    await eventuallyTrue('one more, at the same moment', () => tunnel.count('"pong"') === 1_001);
    expect(tunnel.closing).toBeUndefined();
  });

  it('somewhat larger is read no faster than it may speak, and loses nothing', async () => {
    const { tunnel } = await connect();
    const burst = Buffer.concat(Array.from({ length: 1_300 }, () => ping));
    tunnel.socket.write(burst);
    await eventuallyTrue('what had come with it', () => tunnel.count('"pong"') === 1_300);
    tunnel.socket.write(ping);
    await honest.settled();
    await honest.settled();
    expect(tunnel.count('"pong"')).toBe(1_300);
    await cloud.time.advance(10 * second);
    await eventuallyTrue('the rest', () => tunnel.count('"pong"') === 1_301);
    expect(tunnel.closing).toBeUndefined();
  });

  it.each([
    ['pings', ping],
    ['pings of WebSocket itself', rawFrame({ opcode: opcodes.ping, payload: 'x' })],
    ['commands', rawText({ type: 'command', id: 'c', action: 'a' })],
    ['answers that nobody asked for', rawText({ type: 'response', id: 'cmd_1', status: 'success' })],
    ['frames of the largest size', rawText({ type: 'x', data: 'x'.repeat(65_000) })],
  ])('of %s is not read any more, or closed with 4429', async (_, frame) => {
    const { tunnel } = await connect();
    await floodInVain(tunnel, frame);
  });

  it('that came at once is closed with 4429, and told how long to stay away', async () => {
    const { tunnel, id } = await connect();
    // So small that far more than is forgiven fits into what is read at once.
    const frame = rawText({ type: 'x' });
    for (let round = 0; round < 20 && tunnel.closing === undefined; round += 1) {
      tunnel.socket.write(Buffer.concat(Array.from({ length: 10_000 }, () => frame)));
      await cloud.time.advance(20 * second);
      await honest.settled();
    }
    expect(Number(/^4429 (\d+)$/.exec(await closing(tunnel))?.[1])).toBeGreaterThan(20);
    await eventuallyTrue('not online', async () => {
      await cloud.time.advance(250);
      return (await cloud.owner.call('readDeviceStatus', 200, { id })).status === 'offline';
    });
  });

  it('before it has said who it is fares no better', async () => {
    const tunnel = await open();
    await floodInVain(tunnel, rawFrame({ opcode: opcodes.ping, payload: 'x' }));
    await cloud.time.advance(11 * second);
    await tunnel.closed;
  });

  it('of answers that were asked for sends none: commands are bounded by nothing but themselves', async () => {
    const identity = await makeIdentity();
    const device = await TestDevice.connect(cloud.origin, identity);
    devices.push(device);
    device.answerAll();
    for (let round = 0; round < 21; round += 1) {
      const asking = Array.from({ length: 50 }, () =>
        cloud.owner.call('sendCommand', 200, { id: identity.device_id, body: { action: 'x' } }),
      );
      await Promise.all(asking);
    }
    await device.settled();
  });
});

describe('a device that does not read', () => {
  it('is cut off while operators send it commands, and they are told that it is offline', async () => {
    const { id, tunnel } = await connect();
    tunnel.socket.pause();
    const body = { action: 'x', payload: 'x'.repeat(60_000), timeout_ms: 1_000 };
    let offline = false;
    // Less than half of this is more than a kernel holds; and 90 seconds of silence are not over.
    for (let round = 0; round < 40 && !offline; round += 1) {
      const asking = Array.from({ length: 20 }, () => cloud.owner.raw('sendCommand', { id, body }));
      let statuses: number[] | undefined;
      void Promise.all(asking).then((all) => {
        statuses = all.map(({ status }) => status);
      });
      await eventuallyTrue('told', async () => {
        await cloud.time.advance(500);
        return statuses !== undefined;
      });
      offline = statuses?.includes(409) === true;
    }
    expect(offline).toBe(true);
    tunnel.socket.resume();
    await tunnel.closed;
  });
});

describe('what a device says', () => {
  it('stays data, whatever its members are called', async () => {
    const identity = await makeIdentity();
    const device = await TestDevice.connect(cloud.origin, identity);
    devices.push(device);
    const asking = cloud.owner.raw('sendCommand', { id: identity.device_id, body: { action: 'x' } });
    const asked = await device.next('command');
    const nasty =
      '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"toString":"\\u202e<b>"}';
    device.socket.send(
      `{"type":"response","id":"${String(asked['id'])}","status":"success","data":${nasty},"__proto__":{"type":"x"}}`,
    );
    const text = await (await asking).text();
    expect(text).toContain('"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}');
    expect('isAdmin' in {}).toBe(false);
  });
});

describe('sockets that do not say who they are', () => {
  it('drive out one another if they come from one IPv6 network, and nobody else, who may come even later', async () => {
    const proxies = parseNetworks('127.0.0.1');
    if (!proxies.ok) throw new Error(proxies.problem);
    const crowded = await startTestCloud('sqlite', { trustedProxies: proxies.networks, strangersMax: 16 });
    onTestFinished(() => crowded.discard());
    const come = async (address: string): Promise<RawTunnel> => {
      const tunnel = await RawTunnel.open(crowded.origin, [`X-Forwarded-For: ${address}`]);
      tunnels.push(tunnel);
      return tunnel;
    };
    const early = await come('203.0.113.7');
    const flood: RawTunnel[] = [];
    for (let index = 0; index < 48; index += 1) flood.push(await come(`2001:db8:1:2::${index.toString(16)}`));
    const late = await Promise.all(['198.51.100.1', '198.51.100.2', '198.51.100.3'].map(come));
    // 52 came, 16 may stay.
    await Promise.all(flood.slice(0, 36).map(({ closed }) => closed));
    for (const tunnel of [early, ...late]) {
      tunnel.socket.write(connectFrame(await crowded.owner.call('createDevice', 201, { body: {} })));
      await eventuallyTrue('connected', () => tunnel.count('"connected"') === 1);
    }
  });
});

describe('sockets with wrong keys', () => {
  it('are a few lines in the log, however many they are, and one that counts the rest', async () => {
    await cloud.time.advance(10 * second);
    const before = cloud.logs.length;
    const wrong = connectFrame({ device_id: 'dev_0000000000000000', api_key: 'efk_wrong' });
    const knocking = await Promise.all(Array.from({ length: 100 }, () => open()));
    for (const { socket } of knocking) socket.write(wrong);
    for (const tunnel of knocking) expect(await closing(tunnel)).toMatch(/^4401/);
    await cloud.time.advance(10 * second);
    const lines = cloud.logs.slice(before).filter((line) => line.includes('refused'));
    expect(lines).toHaveLength(refusalLinesMax + 1);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      refused: { key_rejected: 100 - refusalLinesMax },
    });
  });
});
