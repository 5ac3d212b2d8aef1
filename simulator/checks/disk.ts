import { createHash } from 'node:crypto';
import { FileError, type Files } from '@edgeflow/platform';
import { SeededRandom, type SimulatedFiles } from '@edgeflow/platform/simulated';
import { claimDocument } from '../../apps/agent/src/identity/claim-store.ts';
import { identityDocument } from '../../apps/agent/src/identity/identity-document.ts';
import { resolveVaultKey, Vault } from '../../apps/agent/src/identity/index.ts';

/** The state folder of every simulated device. */
export const stateFolder = '/var/lib/edgeflow';

const names = ['vault.key', 'identity.vault', 'claim.vault'] as const;
type Name = (typeof names)[number];

/** The files that matter, as a power cut would leave them. */
type Survivors = Readonly<Record<Name, Uint8Array | undefined>>;

/** What a board would know about itself if the power were cut now. */
export interface DiskView {
  /** SHA-256 of every key that it could present. */
  readonly keyHashes: ReadonlySet<string>;
  readonly claim: { readonly code: string; readonly secret: string } | undefined;
}

type VaultKeyResult = Awaited<ReturnType<typeof resolveVaultKey>>;

const nothing: DiskView = { keyHashes: new Set(), claim: undefined };

/** Both things that a power cut may do with names that were not synced; often the same. */
export interface Snapshot {
  readonly outcomes: readonly Survivors[];
}

/** Takes down what is durable, without waiting; {@link DiskReader} reads it later. */
export function snapshot(files: SimulatedFiles): Snapshot {
  const lost = survivors(files, 'lost');
  const kept = survivors(files, 'kept');
  const isSame = names.every((name) => lost[name] === kept[name]);
  return { outcomes: isSame ? [lost] : [lost, kept] };
}

function survivors(files: SimulatedFiles, fate: 'lost' | 'kept'): Survivors {
  const of = (name: Name): Uint8Array | undefined => files.surviving(`${stateFolder}/${name}`, fate);
  return {
    'vault.key': of('vault.key'),
    'identity.vault': of('identity.vault'),
    'claim.vault': of('claim.vault'),
  };
}

/** Opens the sealed files of snapshots with the agent's own code. What it has opened it remembers. */
export class DiskReader {
  readonly #known = new WeakMap<Uint8Array, DiskView>();
  readonly #keys = new WeakMap<Uint8Array, VaultKeyResult>();

  /** One view for each outcome. */
  async read({ outcomes }: Snapshot): Promise<DiskView[]> {
    const views: DiskView[] = [];
    for (const outcome of outcomes) views.push(await this.#view(outcome));
    return views;
  }

  async #view(files: Survivors): Promise<DiskView> {
    const key = files['vault.key'];
    if (key === undefined) return nothing;
    const [identity, claim] = [
      await this.#open(files, 'identity.vault'),
      await this.#open(files, 'claim.vault'),
    ];
    return { keyHashes: identity.keyHashes, claim: claim.claim };
  }

  async #open(files: Survivors, name: 'identity.vault' | 'claim.vault'): Promise<DiskView> {
    const bytes = files[name];
    if (bytes === undefined) return nothing;
    const known = this.#known.get(bytes);
    if (known !== undefined) return known;
    const view = await decode(files, name, await this.#keyOf(files));
    this.#known.set(bytes, view);
    return view;
  }

  async #keyOf(survivors: Survivors): Promise<VaultKeyResult> {
    const bytes = survivors['vault.key'];
    const known = bytes && this.#keys.get(bytes);
    if (known !== undefined) return known;
    const files = readOnly(survivors);
    const result = await resolveVaultKey({ files, random: new SeededRandom(1), stateFolder });
    if (bytes !== undefined) this.#keys.set(bytes, result);
    return result;
  }
}

async function decode(
  survivors: Survivors,
  name: 'identity.vault' | 'claim.vault',
  keys: VaultKeyResult,
): Promise<DiskView> {
  const files = readOnly(survivors);
  const random = new SeededRandom(1);
  if (keys.kind !== 'ready') return nothing;
  const vault = new Vault({ files, random, stateFolder, keys: keys.keys, device: {} });
  if (name === 'claim.vault') {
    const reading = await vault.read(claimDocument);
    if (reading.kind !== 'opened') return nothing;
    const { code, claim_secret: secret } = reading.value;
    return { ...nothing, claim: { code, secret } };
  }
  const reading = await vault.read(identityDocument);
  if (reading.kind !== 'opened') return nothing;
  const { previous, ...present } = reading.value;
  const held = [present, previous].flatMap((one) =>
    one === undefined ? [] : [one.api_key, one.next?.api_key ?? ''],
  );
  return { ...nothing, keyHashes: new Set(held.filter((key) => key !== '').map(hashOf)) };
}

export function hashOf(apiKey: string): string {
  return createHash('sha256').update(apiKey).digest('hex');
}

/** As much of a disk as opening a vault needs. Nothing can be changed on it, and nothing has to be. */
function readOnly(survivors: Survivors): Files {
  const at = (path: string): Uint8Array | undefined => survivors[path.slice(stateFolder.length + 1) as Name];
  const fine = (): Promise<void> => Promise.resolve();
  return {
    read: async (path) => {
      const bytes = at(path);
      if (bytes === undefined) throw new FileError('ENOENT', path);
      return bytes;
    },
    stat: async (path) => {
      const bytes = at(path);
      return bytes === undefined ? undefined : { kind: 'file', size: bytes.length, mode: 0o600, uid: 0 };
    },
    list: async () => names.filter((name) => survivors[name] !== undefined),
    readLink: async (path) => {
      throw new FileError('EINVAL', path);
    },
    write: fine,
    sync: fine,
    rename: fine,
    syncFolder: fine,
    remove: fine,
    makeFolder: fine,
  };
}
