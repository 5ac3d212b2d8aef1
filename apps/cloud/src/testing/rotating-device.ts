import { eventually } from './eventually.ts';
import { type Identity, TestDevice } from './test-device.ts';

/** The steps of a rotation at the device's end, in their order: it can die right after any of them. */
export const deviceSteps = [
  'offer received',
  'next key on disk',
  'answer sent',
  'connect sent',
  'connected',
] as const;

export type DeviceStep = (typeof deviceSteps)[number];

/**
 * A device as CONTRACT.md, section 3 wants it: it keeps current and next, answers, reconnects with next, and falls
 * back to current if next is rejected. What it holds outlives its deaths.
 */
export class RotatingDevice {
  readonly deviceId: string;
  /** On disk. */
  current: string;
  next: string | undefined;
  dieAfter: DeviceStep | undefined;
  isDead = false;
  #socket: TestDevice | undefined;
  #origin = '';

  constructor({ api_key, device_id }: Identity) {
    this.deviceId = device_id;
    this.current = api_key;
  }

  /** A new process; resolves when it is connected, with whichever key works. */
  async start(origin: string): Promise<void> {
    this.isDead = false;
    this.dieAfter = undefined;
    this.#origin = origin;
    await this.#connect();
  }

  /** Ends as SIGKILL does. */
  kill(): void {
    this.isDead = true;
    this.#socket?.socket.terminate();
  }

  /** Takes the offer that is on its way, and goes on with the key in it. Resolves also when it dies on the way. */
  async takeOffer(): Promise<void> {
    const device = this.#socket;
    if (device === undefined) throw new Error('not connected');
    const frame = await eventually('an offer, or the end', () => {
      const offer = device.heard.find((heard) => heard['action'] === 'rotate_key');
      return offer ?? (device.isClosed ? {} : undefined);
    });
    const payload = frame['payload'] as { readonly api_key: string } | undefined;
    if (payload === undefined || this.#dies('offer received')) return;
    this.next = payload.api_key;
    if (this.#dies('next key on disk')) return;
    if (device.socket.readyState === device.socket.OPEN) {
      device.say({ type: 'response', id: frame['id'], status: 'success' });
      await device.settled().catch(() => undefined);
    }
    if (this.#dies('answer sent')) return;
    device.socket.terminate();
    await device.closed;
    await this.#connect();
  }

  async end(): Promise<void> {
    this.kill();
    await this.#socket?.closed;
  }

  async #connect(): Promise<void> {
    for (const key of this.next === undefined ? [this.current] : [this.next, this.current]) {
      const device = await TestDevice.open(this.#origin).catch(() => undefined);
      if (device === undefined) return;
      this.#socket = device;
      device.sayConnect({ device_id: this.deviceId, api_key: key });
      if (this.#dies('connect sent')) return;
      const isConnected = await device.next('connected').then(
        () => true,
        () => false,
      );
      if (this.isDead || this.#dies('connected')) return;
      if (isConnected) {
        this.current = key;
        this.next = undefined;
        return;
      }
      const { code } = await device.closed;
      if (code !== 4401) return;
    }
    throw new Error('no key of this device works');
  }

  #dies(step: DeviceStep): boolean {
    if (this.dieAfter === step) this.kill();
    return this.isDead;
  }
}
