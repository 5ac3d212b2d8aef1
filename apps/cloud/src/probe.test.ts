import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from './storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from './testing/test-cloud.ts';
import { TestDevice } from './testing/test-device.ts';

describe.each(databaseKinds)('probe %s', (kind) => {
  let cloud: TestCloud;
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
  });
  afterAll(() => cloud.discard());
  it('probes', async () => {
    const out: unknown[] = [];
    const { owner } = cloud;
    const tryit = async (n: string, f: () => Promise<unknown>) => {
      try {
        out.push([n, await f()]);
      } catch (e) {
        out.push([n, 'ERR', String(e).slice(0, 300)]);
      }
    };
    const dev = await owner.call('createDevice', 201, { body: { name: 'a', tags: ['ÖST', 'x,y'] } });
    const status = async (r: Promise<Response>) => {
      const x = await r;
      return [x.status, (await x.text()).slice(0, 250)];
    };
    await tryit('nul id', () => status(owner.raw('readDevice', { id: '\0' })));
    await tryit('nul code', () => status(owner.raw('readCode', { id: '\0' })));
    await tryit('nul q', () => status(owner.raw('listDevices', { query: { q: '\0' } })));
    await tryit('nul tag', () => status(owner.raw('listDevices', { query: { tag: '\0' } })));
    await tryit('nul group', () => status(owner.raw('listDevices', { query: { group: '\0' } })));
    await tryit('nul batch', () => status(owner.raw('listCodes', { query: { batch: '\0' } })));
    await tryit('nul audit', () => status(owner.raw('listAudit', { query: { actor: '\0' } })));
    await tryit('surrogate name', () => status(owner.raw('createCodes', { body: { name: '\ud800' } })));
    await tryit('surrogate dev', () =>
      status(owner.raw('createDevice', { body: { name: '\ud800', tags: ['\udfff'] } })),
    );
    await tryit('surrogate cmd', () =>
      status(owner.raw('sendCommand', { id: dev.device_id, body: { action: '\ud800' } })),
    );
    await tryit('tag ÖST', () => status(owner.raw('listDevices', { query: { tag: 'ÖST', limit: 1 } })));
    await tryit('tag ,', () => status(owner.raw('listDevices', { query: { tag: ',', limit: 1 } })));
    await tryit('cursor bad', () => status(owner.raw('listDevices', { query: { cursor: 'zzz', limit: 1 } })));
    await tryit('cursor bad audit', () =>
      status(owner.raw('listAudit', { query: { cursor: '', limit: 1 } })),
    );
    for (const depth of [1000, 5000, 20000, 100000]) {
      const deep = '['.repeat(depth) + ']'.repeat(depth);
      const init = { body: `{"desired":{"a":${deep}}}`, headers: {} };
      await tryit('deep shadow ' + depth, () =>
        status(
          owner.raw(
            'updateShadow',
            { id: dev.device_id, headers: { 'content-type': 'application/json' } },
            { body: init.body },
          ),
        ),
      );
      await tryit('deep shadow again' + depth, () =>
        status(
          owner.raw(
            'updateShadow',
            { id: dev.device_id, headers: { 'content-type': 'application/json' } },
            { body: init.body },
          ),
        ),
      );
      await tryit('deep cmd ' + depth, () =>
        status(
          owner.raw(
            'sendCommand',
            { id: dev.device_id, headers: { 'content-type': 'application/json' } },
            { body: `{"action":"x","payload":${deep}}` },
          ),
        ),
      );
      await tryit('deep create ' + depth, () =>
        status(
          owner.raw(
            'createDevice',
            { headers: { 'content-type': 'application/json' } },
            { body: `{"name":${deep}}` },
          ),
        ),
      );
    }
    const d = await TestDevice.connect(cloud.origin, dev);
    for (const depth of [1000, 5000, 20000, 100000]) {
      const deep = '['.repeat(depth) + ']'.repeat(depth);
      await tryit('deep cmd online ' + depth, () =>
        Promise.race([
          status(
            owner.raw(
              'sendCommand',
              { id: dev.device_id, headers: { 'content-type': 'application/json' } },
              { body: `{"action":"x","payload":${deep}}` },
            ),
          ),
          new Promise((r) => setTimeout(r, 300)),
        ]),
      );
    }
    await d.leave(1000, 'bye\0');
    await cloud.time.advance(300);
    await new Promise((r) => setTimeout(r, 300));
    await tryit('after nul reason', () => status(owner.raw('readDeviceStatus', { id: dev.device_id })));
    console.log(kind, out.map((o) => JSON.stringify(o)).join('\n'));
    console.log(
      cloud.logs
        .filter((l) => !l.includes('debug'))
        .map((l) => l.slice(0, 400))
        .join(''),
    );
    expect(1).toBe(1);
  });
});
