import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { type LastCommit, MortalDatabase } from '../../storage/testing/mortal-database.ts';
import { eventuallyTrue } from '../../testing/eventually.ts';
import { type DeviceStep, deviceSteps, RotatingDevice } from '../../testing/rotating-device.ts';
import { type RunningCloud, startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { type Received, TestDevice } from '../../testing/test-device.ts';
import { livingCredentials } from '../credentials/index.ts';

describe.each(databaseKinds)('a rotation on %s', (kind) => {
  let cloud: TestCloud;
  let node: RunningCloud;
  let database: MortalDatabase;

  beforeAll(async () => {
    cloud = await startTestCloud(kind, {}, (real, time) => (database = new MortalDatabase(real, time)));
    node = cloud;
  });
  afterAll(() => cloud.discard());

  async function makeDevice(): Promise<RotatingDevice> {
    const device = new RotatingDevice(await node.owner.call('createDevice', 201, { body: {} }));
    await device.start(node.origin);
    return device;
  }

  /** Asks for a rotation; a cloud that dies meanwhile answers nothing that counts. */
  async function ask({ deviceId }: RotatingDevice): Promise<void> {
    await node.owner.raw('rotateKey', { id: deviceId, body: {} });
  }

  /** What is said of a device after a kill and everything that heals by itself. */
  async function expectOneKey(device: RotatingDevice, wasAsked: boolean): Promise<void> {
    const isWanted = async (): Promise<boolean> => {
      const { key } = await node.owner.call('readDevice', 200, { id: device.deviceId });
      return key?.rotation_pending === true;
    };
    if (await isWanted()) await device.takeOffer();
    await eventuallyTrue('the rotation is over', async () => !(await isWanted()));
    const living = await livingCredentials(database, [device.deviceId]);
    expect(living.map(({ state }) => state)).toEqual(['active']);
    if (wasAsked) expect(living[0]?.origin).toBe('rotation');
    // And the key that it has on disk is the one that works.
    await device.end();
    await device.start(node.origin);
  }

  it.each(deviceSteps)('ends with one key that works when the device dies: %s', async (step: DeviceStep) => {
    const device = await makeDevice();
    device.dieAfter = step;
    await ask(device);
    await device.takeOffer();
    expect(device.isDead).toBe(true);
    await device.start(node.origin);
    await expectOneKey(device, true);
    await device.end();
  });

  it.each<LastCommit>(['lost', 'applied'])(
    'ends with one key that works when the cloud dies at any of its commits, which is %s',
    async (lastCommit) => {
      let deaths = 0;
      for (; ; deaths += 1) {
        const device = await makeDevice();
        database.lastCommit = lastCommit;
        database.left = deaths;
        database.onDeath = () => {
          device.kill();
        };
        const asked = ask(device);
        await device.takeOffer().catch(() => undefined);
        await asked;
        // The answer may be dealt with after everything else.
        await eventuallyTrue('the commits of one rotation', async () => {
          const { can_rotate: can } = await database.db
            .selectFrom('devices')
            .select('can_rotate')
            .where('id', '=', device.deviceId)
            .executeTakeFirstOrThrow();
          return database.isDead || can === 1;
        });
        const hasDied = database.isDead;
        if (hasDied) await node.stop();
        database.revive();
        if (hasDied) {
          node = await cloud.restart();
          await device.start(node.origin);
        }
        await expectOneKey(device, false);
        await device.end();
        if (!hasDied) break;
      }
      // The request, the offer, the answer, and the first use of the new key.
      expect(deaths).toBe(4);
    },
  );

  describe('whose request or offer is not known to be committed', () => {
    let id: string;
    let device: TestDevice;

    beforeEach(async () => {
      const identity = await node.owner.call('createDevice', 201, { body: {} });
      id = identity.device_id;
      device = await TestDevice.connect(node.origin, identity);
      // The connection to the database breaks; the process lives on.
      database.onDeath = () => {
        database.revive();
      };
    });
    afterEach(() => device.leave());

    /** @returns the status of the answer to a request that breaks at one of its commits */
    async function askInVain(lastCommit: LastCommit, commit: 'request' | 'offer'): Promise<number> {
      database.lastCommit = lastCommit;
      database.left = commit === 'request' ? 0 : 1;
      return (await node.owner.raw('rotateKey', { id, body: {} })).status;
    }

    function offers(): Received[] {
      return device.heard.filter(({ action }) => action === 'rotate_key');
    }

    /** Several looks of the watch, and offers that they begin. */
    async function passTime(): Promise<void> {
      for (let half = 0; half < 10; half += 1) {
        await cloud.time.advance(500);
        await device.settled();
      }
    }

    it.each([
      ['request was', 'applied', 'request', 503],
      // The request stands, and the answer says that nothing has been delivered yet.
      ['offer was', 'applied', 'offer', 202],
      ['offer was not', 'lost', 'offer', 202],
    ] as const)('reaches the tunnel if the %s, and once', async (_, lastCommit, commit, status) => {
      expect(await askInVain(lastCommit, commit)).toBe(status);
      await eventuallyTrue('the offer', async () => {
        await cloud.time.advance(500);
        return offers().length === 1;
      });
      await passTime();
      expect(offers()).toHaveLength(1);
    });

    it('leaves no trace if the request was not: neither the one before nor the one after is offered twice', async () => {
      expect(await node.owner.call('rotateKey', 202, { id, body: {} })).toMatchObject({ delivered: true });
      await passTime();
      expect(await askInVain('lost', 'request')).toBe(503);
      await passTime();
      expect(offers()).toHaveLength(1);
      expect(await node.owner.call('rotateKey', 202, { id, body: {} })).toMatchObject({ delivered: true });
      await passTime();
      expect(offers()).toHaveLength(2);
    });
  });
});
