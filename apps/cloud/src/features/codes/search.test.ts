import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds } from '../../storage/testing/databases.ts';
import { startTestCloud, type TestCloud } from '../../testing/test-cloud.ts';
import { searchWords, wordsText } from './words.ts';

describe('the words of a name', () => {
  it.each([
    ['Pump-17, Hall 3', ['pump', '17', 'hall', '3']],
    ['ÜBER straße', ['über', 'straße']],
    ['ﬁlter №7', ['filter', 'no7']],
    ['насос насос', ['насос']],
    ['-- %_\\ --', []],
    ['x'.repeat(100), ['x'.repeat(64)]],
  ])('%s', (text, words) => {
    expect(searchWords(text)).toEqual(words);
  });

  it('of several texts are one text, each word behind a space', () => {
    expect(wordsText(searchWords('a b', null, 'B c'))).toBe(' a b c');
    expect(wordsText(searchWords(null, '-'))).toBeNull();
  });
});

describe.each(databaseKinds)('codes are found on %s', (kind) => {
  let cloud: TestCloud;
  const made = new Map<string, string>();
  let token = '';
  beforeAll(async () => {
    cloud = await startTestCloud(kind);
    token = await cloud.token('operator');
    const make = async (key: string, body: object, client = cloud.owner): Promise<string> => {
      const { codes } = await client.call('createCodes', 201, { body });
      made.set(codes[0]?.id ?? '', key);
      return codes[0]?.code ?? '';
    };
    await make('hall', { name: 'Hall 3', device_name: 'Pump-17' });
    await make('percent', { name: '100% load' });
    await make('greek', { device_name: 'Ωμέγα' }, cloud.client(token));
    await make('nameless', {});
    const used = await make('used', { name: 'Hall 4', device_name: 'pump 18' });
    await cloud.client().call('provisionDevice', 201, { body: { provisioning_code: used } });
    const strangers = await cloud.cloud.identity.createOrganization('Another', null);
    await cloud.client(await cloud.token('owner', strangers)).call('createCodes', 201, {
      body: { name: 'Hall 3', device_name: 'Pump-17' },
    });
  });
  afterAll(() => cloud.discard());

  async function found(query: Record<string, string>): Promise<string[]> {
    const page = await cloud.owner.call('listCodes', 200, { query });
    expect(page).toMatchObject({ total: page.codes.length, total_is_exact: true });
    return page.codes.map(({ id }) => made.get(id) ?? id).sort();
  }

  it.each([
    ['hall', ['hall', 'used']],
    ['PUMP-17', ['hall']],
    ['17 hal', ['hall']],
    ['pum', ['hall', 'used']],
    ['ump', []],
    ['ωμ', ['greek']],
    ['100%', ['percent']],
    ['%', []],
    ['hall nothing', []],
    ['  ', ['greek', 'hall', 'nameless', 'percent', 'used']],
  ])('by the beginnings of words: %j', async (q, keys) => {
    expect(await found({ q })).toEqual(keys);
  });

  it('by their id, their maker, their state, and all of it at once', async () => {
    const [id = ''] = [...made].find(([, key]) => key === 'hall') ?? [];
    expect(await found({ q: id })).toEqual(['hall']);
    const maker = await cloud.owner.call('listCodes', 200, { query: { q: 'ωμέγα' } });
    const { created_by: by, created_by_name: name } = maker.codes[0] ?? {};
    expect(name).toBe('operator');
    expect(await found({ created_by: by ?? '' })).toEqual(['greek']);
    expect(await found({ created_by: 'bootstrap', q: 'hall', status: 'used' })).toEqual(['used']);
    expect(await found({ created_by: 'bootstrap', q: 'hall', status: 'active' })).toEqual(['hall']);
  });

  it('with the names of who made and what used them', async () => {
    const { codes } = await cloud.owner.call('listCodes', 200, { query: { status: 'used' } });
    expect(codes[0]).toMatchObject({ created_by_name: 'bootstrap token', used_by_name: 'pump 18' });
    const read = await cloud.owner.call('readCode', 200, { id: codes[0]?.id ?? '' });
    expect(read).toEqual(codes[0]);
  });
});
