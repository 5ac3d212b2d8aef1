import { parseProvisioningCode } from '@edgeflow/contract';
import type { KeyRing } from '../../apps/cloud/src/keyring/index.ts';
import type { Board } from '../device/board.ts';
import type { Credential } from '../device/transport.ts';
import type { World } from '../world/world.ts';
import { type DiskReader, type DiskView, hashOf, type Snapshot, snapshot } from './disk.ts';
import type { CommitChanges, RegistryMirror } from './registry.ts';

interface Known {
  /** Keys that were durable, whatever a power cut had done, and have not been given up since for a proven one. */
  readonly held: Set<string>;
  /** Keys with which this board has received `connected`. */
  readonly proven: Set<string>;
  views: readonly DiskView[];
  isAsked: boolean;
}

/**
 * What a board's disk holds, in every way that a power cut now could leave it, against what the board has said and
 * what the cloud has committed.
 */
export class BoardRules {
  readonly #world: World;
  readonly #mirror: RegistryMirror;
  readonly #reader: DiskReader;
  readonly #keyRing: () => KeyRing;
  readonly #known = new Map<Board, Known>();
  /** Device → the board that can speak for it, as last found. */
  readonly #holders = new Map<string, Board>();
  readonly #speakers = new Map<string, Board>();
  /** Devices whose board has become another one, on the word of a person. */
  readonly #left = new Set<string>();

  constructor(world: World, mirror: RegistryMirror, reader: DiskReader, keyRing: () => KeyRing) {
    this.#world = world;
    this.#mirror = mirror;
    this.#reader = reader;
    this.#keyRing = keyRing;
  }

  add(board: Board): void {
    this.#known.set(board, { held: new Set(), proven: new Set(), views: [], isAsked: false });
  }

  /** Devices that no board has to speak for any more. */
  hasLeft(deviceId: string): boolean {
    return this.#left.has(deviceId);
  }

  diskChanged(board: Board): void {
    const known = this.#of(board);
    if (known === undefined || known.isAsked) return;
    known.isAsked = true;
    this.#world.checkSoon(async () => {
      known.isAsked = false;
      known.views = await this.#reader.read(snapshot(board.files));
      this.#nothingGivenUp(board, known);
      for (const [deviceId, holder] of this.#holders) if (holder === board) this.#hasHolder(deviceId);
    });
  }

  /** A registration leaves the device: its secret has to be there after a power cut. */
  claims(board: Board, secret: string): void {
    this.#later(board, (views) => {
      if (views.every(({ claim }) => claim?.secret === secret)) return;
      this.#world.violate(
        'the claim is durable before it is sent',
        `${board.name} sends one that it could lose`,
      );
    });
  }

  /** A key leaves the device, or is said to be stored: it has to be there after a power cut. */
  presents(board: Board, { apiKey }: Credential, what: string): void {
    const hash = hashOf(apiKey);
    this.#later(board, (views) => {
      if (views.every(({ keyHashes }) => keyHashes.has(hash))) return;
      this.#world.violate(
        'a key is durable before it is used',
        `${board.name} ${what} a key that it could lose`,
      );
    });
  }

  /** Two boards never are one device, however they came by what is on their disks. */
  speaksFor(board: Board, deviceId: string): void {
    const other = this.#speakers.get(deviceId);
    this.#speakers.set(deviceId, board);
    if (other === undefined || other === board) return;
    this.#world.violate('one device, one board', `${board.name} and ${other.name} both are ${deviceId}`);
  }

  connected(board: Board, { deviceId, apiKey }: Credential): void {
    this.#of(board)?.proven.add(hashOf(apiKey));
    for (const [other, holder] of this.#holders) {
      if (holder === board && other !== deviceId) this.#left.add(other);
    }
  }

  registryChanged({ codes, credentials, devices }: CommitChanges): void {
    const ids = new Set([
      ...codes.flatMap(({ after }) => after.used_device_id ?? []),
      ...credentials.map(({ after }) => after.device_id),
      ...devices.flatMap(({ before, after }) => (before?.lifecycle === after.lifecycle ? [] : [after.id])),
    ]);
    if (ids.size === 0) return;
    this.#world.checkSoon(() => {
      for (const id of ids) this.#hasHolder(id);
    });
  }

  /** Every outcome of a power cut keeps a key for every key that was durable: itself, or one that has been proven. */
  #nothingGivenUp(board: Board, known: Known): void {
    const { held, proven, views } = known;
    for (const { keyHashes } of views) {
      const isProven = [...keyHashes].some((hash) => proven.has(hash));
      for (const hash of held) {
        if (keyHashes.has(hash)) continue;
        if (!isProven) {
          const what = `${board.name} may have lost a key, and holds none that has received connected`;
          this.#world.violate('no identity is given up early', what);
        }
        held.delete(hash);
      }
    }
    const [first, ...others] = views;
    for (const hash of first?.keyHashes ?? []) {
      if (others.every(({ keyHashes }) => keyHashes.has(hash))) held.add(hash);
    }
  }

  /** No code is burnt: a device that exists has a board that holds its key, or the claim that brings it again. */
  #hasHolder(deviceId: string): void {
    const device = this.#mirror.devices.get(deviceId);
    if (device?.lifecycle !== 'active' || device.origin !== 'code' || this.#left.has(deviceId)) return;
    const code = this.#mirror.codes.get(device.code_id ?? '');
    if (code?.used_device_id !== deviceId || code.claimant_hash === null) return;
    const living = this.#mirror.living(deviceId);
    const isReplayable = living.some(({ id, state }) => id === code.used_credential_id && state === 'issued');
    const speaks = ({ keyHashes, claim }: DiskView): boolean =>
      living.some(({ key_hash: hash }) => keyHashes.has(hash)) ||
      (isReplayable && claim !== undefined && this.#isClaimant(claim, code));
    const holds = (board: Board): boolean => {
      const views = this.#of(board)?.views ?? [];
      return views.length > 0 && views.every(speaks);
    };
    const before = this.#holders.get(deviceId);
    if (before !== undefined && holds(before)) return;
    const holder = [...this.#known.keys()].find(holds);
    if (holder !== undefined) this.#holders.set(deviceId, holder);
    else this.#world.violate('no code is burnt', `nobody can speak for ${deviceId}, which ${code.id} made`);
  }

  #isClaimant(
    claim: { readonly code: string; readonly secret: string },
    code: { readonly server_key_id: string; readonly claimant_hash: string | null },
  ): boolean {
    if (parseProvisioningCode(claim.code) === undefined) return false;
    return this.#keyRing().hashClaimant(code.server_key_id, claim.secret) === code.claimant_hash;
  }

  #of(board: Board): Known | undefined {
    return this.#known.get(board);
  }

  /** Looks at what is durable now, as soon as this event has settled. */
  #later(board: Board, judge: (views: readonly DiskView[]) => void): void {
    const taken: Snapshot = snapshot(board.files);
    this.#world.checkSoon(async () => {
      judge(await this.#reader.read(taken));
    });
  }
}
