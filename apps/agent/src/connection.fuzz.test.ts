import { SimulatedFiles, SimulatedTime } from '@edgeflow/platform/simulated';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeCloud, type NetworkFault } from './testing/fake-cloud.ts';
import { FakeDevice, stateFolder } from './testing/fake-device.ts';

const code = 'PROV-A1B2-C3D4';
const minuteMs = 60_000;

/** One thing that goes wrong, and how long it stays so. */
interface Trouble {
  readonly kind: 'kill' | 'power_cut' | 'network' | 'cut_off' | 'disk_full' | 'close' | 'rotate' | 'silent';
  readonly faults: readonly NetworkFault[];
  readonly ms: number;
  /** For a death: this many disk operations from now. */
  readonly operations: number;
}

const trouble: fc.Arbitrary<Trouble> = fc.record({
  kind: fc.constantFrom('kill', 'power_cut', 'network', 'cut_off', 'disk_full', 'close', 'rotate', 'silent'),
  faults: fc.array(
    fc.constantFrom<NetworkFault>('lose_request', 'lose_answer', 'portal', 'unavailable', 'half_an_answer'),
    { maxLength: 3 },
  ),
  ms: fc.integer({ min: 0, max: 2 * minuteMs }),
  operations: fc.nat(40),
});

class World {
  readonly time = new SimulatedTime();
  readonly files = new SimulatedFiles();
  readonly cloud = new FakeCloud(this.time);
  device: FakeDevice;
  #seed = 0;

  constructor() {
    this.cloud.addCode(code);
    this.device = this.#next();
  }

  async begin(): Promise<void> {
    await this.files.makeFolder(stateFolder);
    this.#start();
  }

  async suffer({ kind, faults, ms, operations }: Trouble): Promise<void> {
    const { cloud, device, files, time } = this;
    switch (kind) {
      case 'kill':
      case 'power_cut':
        device.dieAt = device.operations + operations / 2;
        await time.advance(ms);
        await this.#restart(kind === 'power_cut');
        break;
      case 'network':
        cloud.faults.push(...faults);
        await time.advance(ms);
        break;
      case 'cut_off':
        cloud.isReachable = false;
        cloud.closeAll(1006);
        await time.advance(ms);
        cloud.isReachable = true;
        break;
      case 'disk_full':
        files.fault = (step) => (step === 'write' ? 'ENOSPC' : undefined);
        await time.advance(ms);
        files.fault = () => undefined;
        break;
      case 'close':
        cloud.closeAll(1001);
        await time.advance(ms);
        break;
      case 'rotate': {
        const [registered] = cloud.devices.values();
        if (registered !== undefined) cloud.offerKey(registered, 'cmd_1');
        await time.advance(ms);
        break;
      }
      case 'silent':
        cloud.isSilent = true;
        await time.advance(ms);
        cloud.isSilent = false;
        break;
    }
  }

  async #restart(isPowerCut: boolean): Promise<void> {
    this.device.kill();
    await this.time.advance(100);
    if (isPowerCut) this.files.powerCut();
    this.device = this.#next();
    this.#start();
  }

  /** A process that cannot even make its vault's key ends; its service manager starts another. */
  #start(): void {
    void this.device.start().catch(() => undefined);
  }

  #next(): FakeDevice {
    this.#seed += 1;
    return new FakeDevice(this.time, this.files, this.cloud, { code, seed: this.#seed });
  }
}

describe('whatever goes wrong, and in whatever order', () => {
  it('one code makes one device, which is online once the trouble is over', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(trouble, { maxLength: 8 }), async (troubles) => {
        const world = new World();
        await world.begin();
        for (const next of troubles) await world.suffer(next);
        if (world.device.connection === undefined)
          await world.suffer({ kind: 'kill', faults: [], ms: 0, operations: 0 });
        await world.time.advance(15 * minuteMs);
        expect(world.device.view?.status).toBe('online');
        expect(world.cloud.devices.size).toBe(1);
        expect(world.cloud.online).toEqual(['dev_1']);
      }),
      { numRuns: 300 },
    );
  });
});
