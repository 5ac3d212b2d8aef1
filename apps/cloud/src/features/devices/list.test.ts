import type { Device } from '@edgeflow/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { insertLargeFleet } from '../../testing/large-fleet.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';

type Query = Readonly<Record<string, string | number>>;

/** More than two slices of a scan on SQLite. */
const fleet = 4_300;

describe.each(databaseKinds)('the list of a fleet on %s', (kind) => {
  let cloud: TestCloud;
  let all: readonly Device[];
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    const { organization_id: id } = await cloud.owner.call('readOrganization', 200);
    await insertLargeFleet(cloud.database, id, fleet, cloud.time.now());
    const other = await cloud.cloud.identity.createOrganization('neighbour', null);
    await cloud.client(await cloud.token('owner', other)).call('createDevice', 201, {
      body: { name: 'pump 000007', tags: ['hall 7'] },
    });
    all = await walk({});
  }, 60_000);
  afterAll(() => cloud.discard());

  async function walk(query: Query, limit = 500): Promise<Device[]> {
    const devices: Device[] = [];
    let cursor: string | null = null;
    do {
      const page: { devices: Device[]; next_cursor: string | null; total: number } = await cloud.owner.call(
        'listDevices',
        200,
        { query: { ...query, limit, ...(cursor === null ? {} : { cursor }) } },
      );
      devices.push(...page.devices);
      cursor = page.next_cursor;
      if (cursor === null) expect(page.total).toBe(devices.length);
    } while (cursor !== null);
    return devices;
  }

  const names = (devices: readonly Device[]): (string | null)[] => devices.map(({ name }) => name);

  it('is whole, newest first, and knows nobody else’s', () => {
    expect(all).toHaveLength(fleet);
    expect(names(all)).toEqual(names(all).toSorted().reverse());
  });

  const filters: Record<string, readonly [query: Query, fits: (device: Device) => boolean]> = {
    status: [{ status: 'offline' }, ({ status }) => status === 'offline'],
    tag: [{ tag: 'hall 7' }, ({ tags }) => tags.includes('hall 7')],
    group: [{ group: 'site 3' }, ({ group }) => group === 'site 3'],
    board: [{ board: 'Radxa ROCK 5B' }, ({ hardware_info: info }) => info['board_model'] === 'Radxa ROCK 5B'],
    version: [{ version: '1.1.4' }, ({ agent_version: version }) => version === '1.1.4'],
    'a part of the host name': [{ q: 'Pi-0012' }, ({ name }) => name?.startsWith('pump 0012') === true],
    'a part of the address': [{ q: '10.249.' }, ({ network_info: i }) => i['ip_address'] === '10.249.0.7'],
    'what is no wildcard': [{ q: 'pump_0012%' }, () => false],
    'several at once': [
      { q: 'pump', tag: 'north', group: 'site 0', status: 'online' },
      ({ group, status, tags }) => tags.includes('north') && group === 'site 0' && status === 'online',
    ],
  };

  it.each(Object.keys(filters))('narrowed down by %s, holds exactly what fits', async (name) => {
    const [query, fits] = filters[name] ?? [{}, () => true];
    const wanted = all.filter(fits);
    if (name !== 'what is no wildcard') expect(wanted.length).toBeGreaterThan(5);
    expect(names(await walk(query, 40))).toEqual(names(wanted));
  });

  it('is ordered by name and by when devices were last seen, both ways, and pages keep their place', async () => {
    const byName = names(all).toSorted();
    expect(names(await walk({ sort: 'name' }))).toEqual(byName);
    expect(names(await walk({ sort: 'name', order: 'desc', tag: 'hall 7' }, 7))).toEqual(
      names(all.filter(({ tags }) => tags.includes('hall 7')))
        .toSorted()
        .reverse(),
    );
    const seen = (device: Device): string => `${device.last_seen_at ?? ''} ${device.device_id}`;
    expect((await walk({ sort: 'last_seen' })).map(seen)).toEqual(all.map(seen).toSorted().reverse());
    expect((await walk({ sort: 'last_seen', order: 'asc' }, 333)).map(seen)).toEqual(
      all.map(seen).toSorted(),
    );
    expect(names(await walk({ order: 'asc' }))).toEqual(byName);
  });

  it('takes texts outside ASCII and devices without a name in their order', async () => {
    const odd = ['Ölpumpe', 'ölpumpe 2', '\u{1f4a1} lamp', '\uffe5 meter', 'Zebra', 'anna'];
    const ids: string[] = [];
    for (const name of odd) {
      ids.push((await cloud.owner.call('createDevice', 201, { body: { name, tags: ['odd'] } })).device_id);
    }
    ids.push((await cloud.owner.call('createDevice', 201, { body: { tags: ['odd'] } })).device_id);
    const whole = names(await walk({ sort: 'name', tag: 'odd' }));
    expect(whole).toEqual(['anna', null, 'Zebra', 'Ölpumpe', 'ölpumpe 2', '\uffe5 meter', '\u{1f4a1} lamp']);
    expect(names(await walk({ sort: 'name', tag: 'odd' }, 2))).toEqual(whole);
    expect(names(await walk({ q: 'ÖLPUMPE', sort: 'name' }))).toEqual(['Ölpumpe', 'ölpumpe 2']);
    for (const id of ids) await cloud.owner.call('deleteDevice', 204, { id });
  });

  it('gives pages by offset in every order', async () => {
    const query = { sort: 'name', group: 'site 3', limit: 10 } as const;
    const wanted = names(all.filter(({ group }) => group === 'site 3')).toSorted();
    const page = await cloud.owner.call('listDevices', 200, { query: { ...query, offset: 100 } });
    expect(names(page.devices)).toEqual(wanted.slice(100, 110));
    expect(page).toMatchObject({ total: wanted.length, offset: 100 });
  });

  it('refuses the cursor of another order', async () => {
    const page = await cloud.owner.call('listDevices', 200, { query: { sort: 'name', limit: 5 } });
    const query = { sort: 'last_seen', cursor: page.next_cursor ?? '' };
    expect(await cloud.owner.refusal('listDevices', { query })).toBe('400 request_malformed');
  });

  it('keeps its place while devices come and go', async () => {
    const first = await cloud.owner.call('listDevices', 200, { query: { limit: 10 } });
    const { device_id: id } = await cloud.owner.call('createDevice', 201, { body: {} });
    const query = { limit: 10, cursor: first.next_cursor ?? '' };
    const second = await cloud.owner.call('listDevices', 200, { query });
    expect(names(second.devices)).toEqual(names(all.slice(10, 20)));
    await cloud.owner.call('deleteDevice', 204, { id });
  });

  it('can be narrowed down to what its devices have', async () => {
    const facets = await cloud.owner.call('readDeviceFacets', 200);
    const count = (fits: (device: Device) => boolean): number => all.filter(fits).length;
    expect(facets.truncated).toBe(false);
    expect(facets.groups).toHaveLength(20);
    expect(facets.tags).toContainEqual({
      value: 'north',
      count: count(({ tags }) => tags.includes('north')),
    });
    expect(facets.tags[0]).toEqual({ value: 'south', count: count(({ tags }) => tags.includes('south')) });
    for (const { count: n, value } of facets.versions) {
      expect(n).toBe(count(({ agent_version: version }) => version === value));
    }
    expect(facets.boards.map(({ value }) => value)).toContain('NVIDIA Jetson Orin Nano');
    const online = facets.statuses.find(({ value }) => value === 'online');
    expect(online?.count).toBe(count(({ status }) => status === 'online'));
    expect(facets.statuses.reduce((sum, { count: n }) => sum + n, 0)).toBe(fleet);
  });
});
