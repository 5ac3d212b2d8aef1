import type { World } from '../world/world.ts';

/** Two devices with one identity are found out, and one device is not accused of being two. */
export class CloneRules {
  readonly #world: World;
  readonly #cloned = new Set<string>();
  readonly #suspected = new Set<string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** From now on two boards have this identity. */
  expect(deviceId: string): void {
    this.#cloned.add(deviceId);
  }

  /** Whether two boards have, or once had, this identity. */
  isCloned(deviceId: string): boolean {
    return this.#cloned.has(deviceId);
  }

  isSuspected(deviceId: string): boolean {
    return this.#suspected.has(deviceId);
  }

  /** @param text an event as `type object data`. */
  happened(text: string): void {
    const [type, deviceId = ''] = text.split(' ', 2);
    if (type !== 'device.clone_suspected') return;
    this.#suspected.add(deviceId);
    if (!this.isCloned(deviceId))
      this.#world.violate('no honest device is accused', `${deviceId} is suspected of being two`);
  }
}
