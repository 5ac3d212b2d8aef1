import { SimulatedTime } from '@edgeflow/platform/simulated';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKey } from '../limits/address-key.ts';
import { Crowd, shareOfOneAddress } from './crowd.ts';

describe('a crowd', () => {
  it('that is full loses whoever has waited longest', () => {
    const crowd = new Crowd<string>(3);
    for (const member of ['a', 'b', 'c']) expect(crowd.enter(member, member)).toBeUndefined();
    crowd.enter('a', 'a');
    expect(crowd.enter('d', 'd')).toBe('b');
    crowd.leave('c');
    expect(crowd.enter('e', 'e')).toBeUndefined();
    expect([...crowd.values()]).toEqual(['a', 'd', 'e']);
    expect(crowd.take()).toBe('a');
  });

  it('is not lost to one address: a flood from there drives out itself', () => {
    const crowd = new Crowd<string>(80);
    crowd.enter('honest', 'elsewhere');
    const gone = Array.from({ length: 10_000 }, (_, index) => crowd.enter(`flood ${String(index)}`, 'flood'));
    expect(gone).not.toContain('honest');
    expect(crowd.size).toBe(80);
    // Whoever comes meanwhile from somewhere else is let in, and the flood pays for it, though the honest came first.
    expect(crowd.enter('late', 'elsewhere too')).toMatch(/^flood/);
    expect(crowd.take()).toMatch(/^flood/);
    expect([...crowd.values()]).toContain('honest');
  });

  it('lets the larger of two floods pay for others, and each for itself', () => {
    const crowd = new Crowd<string>(80);
    for (let index = 0; index < 50; index += 1) crowd.enter(`large ${String(index)}`, 'large');
    for (let index = 0; index < 30; index += 1) crowd.enter(`small ${String(index)}`, 'small');
    expect(crowd.enter('one more', 'small')).toBe('small 0');
    expect(crowd.enter('another', 'large')).toBe('large 0');
    expect(crowd.enter('honest', 'elsewhere')).toBe('large 1');
  });

  it('may be of one address alone, up to its bound', () => {
    const crowd = new Crowd<number>(500);
    for (let index = 0; index < 500; index += 1) expect(crowd.enter(index, 'nat')).toBeUndefined();
    expect(crowd.enter(500, 'nat')).toBe(0);
  });
});

describe('a flood of 10,000 a second at a room of 8,192', () => {
  const membersMax = 8_192;
  const floodPerMs = 10;
  const honestEveryMs = 10;

  interface Coming {
    /** Of the nth that comes. */
    readonly floodAddress: (index: number) => string;
    readonly honestAddress: (index: number) => string;
    /** How long an honest one takes before it has come in. */
    readonly waitMs: number;
  }

  /** What became of the honest ones that came, one every 10 ms for four seconds, once the flood had filled the room. */
  async function fate({ floodAddress, honestAddress, waitMs }: Coming): Promise<Record<string, number>> {
    const time = new SimulatedTime();
    const crowd = new Crowd<object>(membersMax);
    const honest = new Set<object>();
    const fates = { cameIn: 0, drivenOut: 0 };
    let flooded = 0;
    let came = 0;
    const enter = (member: object, address: string): void => {
      const gone = crowd.enter(member, addressKey(address));
      if (gone !== undefined && honest.delete(gone)) fates.drivenOut += 1;
    };
    time.every(1, () => {
      for (let one = 0; one < floodPerMs; one += 1) enter({}, floodAddress((flooded += 1)));
    });
    await time.advance(1_000);
    const coming = time.every(honestEveryMs, () => {
      const one = {};
      honest.add(one);
      enter(one, honestAddress((came += 1)));
      time.after(waitMs, () => {
        if (!honest.delete(one)) return;
        crowd.leave(one);
        fates.cameIn += 1;
      });
    });
    await time.advance(4_000);
    time.clear(coming);
    await time.advance(waitMs);
    return fates;
  }

  const ipv4 = (index: number): string =>
    `10.${String((index >> 16) & 255)}.${String((index >> 8) & 255)}.${String(index & 255)}`;
  const apart = (index: number): string => `2001:db8:0:${(index & 0xffff).toString(16)}::1`;
  const all = { cameIn: 400, drivenOut: 0 };

  it.each([
    ['one address', () => '203.0.113.7'],
    ['all of one IPv6 network', (index: number) => `2001:db8:1:2::${(index & 0xffff).toString(16)}`],
    ['seven addresses', (index: number) => `203.0.113.${String(index % 7)}`],
  ])('from %s drives out nobody else, however long they wait', async (_, floodAddress) => {
    expect(await fate({ floodAddress, honestAddress: apart, waitMs: 1_500 })).toEqual(all);
    // 500 of one address at once are less than its share.
    expect(await fate({ floodAddress, honestAddress: () => '198.51.100.1', waitMs: 5_000 })).toEqual(all);
  });

  it('from as many addresses as it has sockets drives out whoever waits longer than the room lasts', async () => {
    // 8,192 places at 10,100 a second are 811 ms.
    expect(await fate({ floodAddress: ipv4, honestAddress: apart, waitMs: 800 })).toEqual(all);
    expect(await fate({ floodAddress: ipv4, honestAddress: apart, waitMs: 820 })).toEqual({
      cameIn: 0,
      drivenOut: 400,
    });
  });

  it('from no more addresses than there are shares can do the same: each keeps to its share', async () => {
    const floodAddress = (index: number): string => `203.0.113.${String(index % 8)}`;
    expect((await fate({ floodAddress, honestAddress: apart, waitMs: 700 })).drivenOut).toBe(0);
    expect((await fate({ floodAddress, honestAddress: apart, waitMs: 1_500 })).cameIn).toBe(0);
  });
});

describe('whatever comes and goes, a crowd', () => {
  interface Present {
    readonly member: number;
    readonly address: string;
    /** How many had entered by then. */
    readonly turn: number;
  }

  interface Move {
    readonly kind: 'enter' | 'leave' | 'take';
    readonly member: number;
    readonly address: string;
  }

  const move: fc.Arbitrary<Move> = fc.record({
    kind: fc.constantFrom('enter', 'enter', 'enter', 'enter', 'enter', 'leave', 'take'),
    member: fc.nat({ max: 60 }),
    address: fc.constantFrom(...'aaaaabbbcdefghij'),
  });
  const moves = fc.array(move, { maxLength: 300 });
  const room = fc.integer({ min: 1, max: 40 });

  /** Plays all moves on a crowd and on a plain list, and has every departure that was not asked for judged. */
  function play(
    all: readonly Move[],
    membersMax: number,
    judge: (gone: Present, before: readonly Present[], newcomer: Present | undefined) => void,
  ): void {
    const crowd = new Crowd<number>(membersMax);
    let inside: Present[] = [];
    const without = (member: number): Present[] => inside.filter((one) => one.member !== member);
    for (const [turn, { address, kind, member }] of all.entries()) {
      let gone: number | undefined;
      let newcomer: Present | undefined;
      if (kind === 'take') gone = crowd.take();
      else inside = without(member);
      if (kind === 'leave') crowd.leave(member);
      if (kind === 'enter') {
        inside.push((newcomer = { member, address, turn }));
        gone = crowd.enter(member, address);
        expect(gone !== undefined).toBe(inside.length > membersMax);
      }
      const found = inside.find((one) => one.member === gone);
      if (found !== undefined) judge(found, inside, newcomer);
      else expect(gone).toBeUndefined();
      if (gone !== undefined) inside = without(gone);
      expect([...crowd.values()]).toEqual(inside.map((one) => one.member));
      expect(crowd.size).toBe(inside.length);
      expect(crowd.size).toBeLessThanOrEqual(membersMax);
    }
    while (crowd.size > 0) inside = without(crowd.take() ?? -1);
    expect([inside.length, crowd.take()]).toEqual([0, undefined]);
  }

  const countOf = (address: string, present: readonly Present[]): number =>
    present.filter((one) => one.address === address).length;
  const shareOf = (present: readonly Present[]): number => Math.max(1, present.length * shareOfOneAddress);

  it('never exceeds its bound, keeps their order, and forgets whoever has left', () => {
    fc.assert(
      fc.property(moves, room, (all, membersMax) => {
        play(all, membersMax, (gone, before) => {
          expect(before.find(({ address }) => address === gone.address)).toBe(gone);
        });
      }),
    );
  });

  it('never loses one whose address keeps to its share while another has more', () => {
    fc.assert(
      fc.property(moves, room, (all, membersMax) => {
        play(all, membersMax, (gone, before, newcomer) => {
          const share = shareOf(before);
          const most = Math.max(...before.map(({ address }) => countOf(address, before)));
          const own = newcomer === undefined ? 0 : countOf(newcomer.address, before);
          if (own > share) expect(gone.address).toBe(newcomer?.address);
          else if (most > share) expect(countOf(gone.address, before)).toBe(most);
          else expect(gone).toBe(before[0]);
        });
      }),
    );
  });

  it('keeps one whose address keeps to its share until as many have come after it as it holds', () => {
    fc.assert(
      fc.property(moves, room, (all, membersMax) => {
        play(all, membersMax, (gone, before, newcomer) => {
          if (newcomer === undefined || countOf(gone.address, before) > shareOf(before)) return;
          expect(before.filter(({ turn }) => turn > gone.turn)).toHaveLength(membersMax);
        });
      }),
    );
  });
});
