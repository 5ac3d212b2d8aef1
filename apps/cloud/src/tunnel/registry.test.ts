import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionRegistry } from './registry.ts';

interface Session {
  readonly epoch: number;
}

const session = (epoch: number): Session => ({ epoch });

describe('the registry of sessions', () => {
  it('lets the session that was there yield to a newer one', () => {
    const registry = new SessionRegistry<Session>();
    const [older, newer] = [session(1), session(2)];
    expect(registry.enter('dev_1', older)).toBeUndefined();
    expect(registry.enter('dev_1', newer)).toBe(older);
    expect(registry.get('dev_1')).toBe(newer);
    expect(registry.size).toBe(1);
  });

  it('lets a session that comes late yield to the newer one that is there', () => {
    const registry = new SessionRegistry<Session>();
    const [older, newer] = [session(1), session(2)];
    registry.enter('dev_1', newer);
    expect(registry.enter('dev_1', older)).toBe(older);
    expect(registry.get('dev_1')).toBe(newer);
  });

  it('keeps the successor when a replaced session leaves late', () => {
    const registry = new SessionRegistry<Session>();
    const [older, newer] = [session(1), session(2)];
    registry.enter('dev_1', older);
    registry.enter('dev_1', newer);
    registry.leave('dev_1', older);
    expect(registry.get('dev_1')).toBe(newer);
    registry.leave('dev_1', newer);
    expect(registry.get('dev_1')).toBeUndefined();
    expect([...registry.values()]).toEqual([]);
  });

  it('keeps devices apart', () => {
    const registry = new SessionRegistry<Session>();
    const [one, two] = [session(1), session(1)];
    expect(registry.enter('dev_1', one)).toBeUndefined();
    expect(registry.enter('dev_2', two)).toBeUndefined();
    registry.leave('dev_1', two);
    expect([...registry.values()]).toEqual([one, two]);
  });

  it('holds the newest session of each device that has not left, in whatever order they come and go', () => {
    const anyStep = fc.record({
      enters: fc.boolean(),
      device: fc.nat(2),
      epoch: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        const registry = new SessionRegistry<Session>();
        const inside = new Map<string, Session>();
        const known = new Map<string, Session>();
        for (const { device, enters, epoch } of steps) {
          const id = `dev_${String(device)}`;
          const name = `${id}/${String(epoch)}`;
          const one = known.get(name) ?? session(epoch);
          known.set(name, one);
          const current = inside.get(id);
          if (enters) {
            registry.enter(id, one);
            if (current === undefined || current.epoch <= epoch) inside.set(id, one);
          } else {
            registry.leave(id, one);
            if (current === one) inside.delete(id);
          }
          expect(registry.get(id)).toBe(inside.get(id));
        }
        expect(registry.size).toBe(inside.size);
      }),
    );
  });
});
