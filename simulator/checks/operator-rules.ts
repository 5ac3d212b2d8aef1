import type { World } from '../world/world.ts';
import { hashOf } from './disk.ts';
import type { RegistryMirror } from './registry.ts';

interface Made {
  readonly device_id?: string;
  readonly api_key?: string;
  readonly codes?: readonly { readonly id: string }[];
}

const lifecycles: Readonly<Record<string, string>> = { revoke: 'revoked', restore: 'active' };

/** What an operator is answered with success is in the database at that moment. */
export class OperatorRules {
  readonly #world: World;
  readonly #mirror: RegistryMirror;

  constructor(world: World, mirror: RegistryMirror) {
    this.#world = world;
    this.#mirror = mirror;
  }

  answered(method: string, path: string, status: number, body: unknown): void {
    if (status < 200 || status > 299) return;
    const [, , , , id = '', action = ''] = path.split('/');
    const made = (body ?? {}) as Made;
    const isStored =
      path === '/api/v1/provisioning-codes'
        ? (made.codes ?? []).every((code) => this.#mirror.codes.has(code.id))
        : path === '/api/v1/devices'
          ? this.#mirror.keys.get(hashOf(made.api_key ?? ''))?.device_id === made.device_id
          : this.#isChanged(id, method === 'DELETE' ? 'deleted' : lifecycles[action]);
    if (isStored) return;
    const what = `${method} ${path} was answered ${status}, and the database does not hold it`;
    this.#world.violate('an acknowledged write is stored', what);
  }

  #isChanged(id: string, lifecycle: string | undefined): boolean {
    return lifecycle === undefined || this.#mirror.devices.get(id)?.lifecycle === lifecycle;
  }
}
