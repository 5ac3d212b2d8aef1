import { describe, expect, it } from 'vitest';
import { afterClose, closeCodes } from './close-codes.ts';

describe('after a close', () => {
  it.each([
    [closeCodes.keyRejected, 4401],
    [closeCodes.deviceRefused, 4403],
    [closeCodes.deviceDeleted, 4404],
  ])('%i is an explicit refusal: the identity is kept and no longer tried in haste', (code, number) => {
    expect(code).toBe(number);
    expect(afterClose(code)).toBe('rejected');
  });

  it('4429 waits as long as the cloud said', () => {
    expect(afterClose(closeCodes.slowDown)).toBe('wait');
    expect(closeCodes.slowDown).toBe(4429);
  });

  it('every other code, known or not, reconnects', () => {
    const refusals = new Set([4401, 4403, 4404, 4429]);
    for (const code of [...Object.values(closeCodes), 1005, 1006, 1011, 1012, 1013, 3000, 4000, 4402, 4999]) {
      if (!refusals.has(code)) expect(afterClose(code), String(code)).toBe('reconnect');
    }
    expect(Object.values(closeCodes).sort()).toEqual([
      ...[1000, 1001, 1009, 4400, 4401, 4403, 4404, 4408, 4409, 4410, 4429],
    ]);
  });
});
