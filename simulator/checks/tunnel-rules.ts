import type { CloudNode } from '../cloud/cloud-node.ts';
import type { Link } from '../network/link.ts';
import type { World } from '../world/world.ts';
import { hashOf } from './disk.ts';
import type { RegistryMirror } from './registry.ts';
import { closeOpcode, SentFrames, textOpcode } from './sent-frames.ts';

/**
 * What the cloud says in a tunnel, held against what its database holds at that moment.
 */
export class TunnelRules {
  readonly #world: World;
  readonly #mirror: RegistryMirror;
  readonly #cloud: () => CloudNode;
  /** Device → the connection that was told `connected` last and is open at the cloud's end. */
  readonly #open = new Map<string, Link>();
  /** Connections that have sent or answered a close frame, and whose socket is still there. */
  readonly #closing = new Set<Link>();
  readonly #frames = new WeakMap<Link, SentFrames>();

  constructor(world: World, mirror: RegistryMirror, cloud: () => CloudNode) {
    this.#world = world;
    this.#mirror = mirror;
    this.#cloud = cloud;
  }

  cloudWrote(link: Link, bytes: Buffer): void {
    let frames = this.#frames.get(link);
    if (frames === undefined) this.#frames.set(link, (frames = new SentFrames()));
    for (const { opcode, payload } of frames.add(bytes)) {
      if (opcode === textOpcode) this.#said(link, payload.toString('utf8'));
      else if (opcode === closeOpcode) this.#closes(link);
    }
  }

  /** A device may close while its key is judged: then it is entered all the same, and leaves when its socket ends. */
  #closes(link: Link): void {
    this.#ended(link);
    if (link.credential !== undefined) this.#closing.add(link);
  }

  cloudClosed(link: Link): void {
    this.#ended(link);
    this.#closing.delete(link);
  }

  /** Devices that were told `connected` and whose connection the cloud has not closed since. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Whether the device is connected indeed: the cloud has told it so, and bytes pass both ways. */
  isOpen(deviceId: string): boolean {
    return this.#open.get(deviceId)?.isWhole ?? false;
  }

  /**
   * Between two events the gateway holds the connections that it has told `connected` and not closed, and perhaps such
   * as are closing: those that the device closes it lets go of when the socket has ended.
   */
  async compareRegistry(): Promise<void> {
    const registered = await this.#cloud().openTunnels();
    const most = this.#open.size + this.#closing.size;
    if (registered === undefined || (registered >= this.#open.size && registered <= most)) return;
    this.#world.violate(
      'open tunnels are registered',
      `${this.#open.size} devices have an open tunnel, ${registered} are registered`,
    );
  }

  #said(link: Link, text: string): void {
    const { credential } = link;
    if (credential === undefined) return;
    const row = this.#mirror.keys.get(hashOf(credential.apiKey));
    if (text.startsWith('{"type":"connected"')) {
      this.#world.trace.note(`link ${link.number}`, `connected ${credential.deviceId}`);
      if (row?.state !== 'active') {
        const what = `${credential.deviceId} hears connected for a key that is ${row?.state ?? 'unknown'}`;
        this.#world.violate('connected is a commit', what);
      }
      this.#open.set(credential.deviceId, link);
    } else if (text.startsWith('{"type":"error","error":"key_rejected')) {
      this.#world.trace.note(`link ${link.number}`, `key rejected ${credential.deviceId}`);
      const isGood = row !== undefined && row.state !== 'ended' && row.device_id === credential.deviceId;
      if (isGood && row.expires_at_ms > this.#cloud().clock.now()) {
        this.#world.violate('a valid key is accepted', `${credential.deviceId} was answered key_rejected`);
      }
    }
  }

  #ended(link: Link): boolean {
    const deviceId = link.credential?.deviceId;
    return deviceId !== undefined && this.#open.get(deviceId) === link && this.#open.delete(deviceId);
  }
}
