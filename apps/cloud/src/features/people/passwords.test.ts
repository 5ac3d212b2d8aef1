import { describe, expect, it } from 'vitest';
import { Passwords } from './passwords.ts';

describe('passwords', () => {
  it('are kept as argon2id with the parameters of OWASP, and a salt of their own', async () => {
    const passwords = new Passwords();
    const [one, other] = await Promise.all([
      passwords.hash('a long password'),
      passwords.hash('a long password'),
    ]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(other);
    expect(await passwords.verify(one, 'a long password')).toBe(true);
    expect(await passwords.verify(one, 'a long passwore')).toBe(false);
  });

  it('are the same however a keyboard composes their letters', async () => {
    const passwords = new Passwords();
    expect(await passwords.verify(await passwords.hash('Zu\u0308rich 12345'), 'Z\u00fcrich 12345')).toBe(
      true,
    );
  });

  it('wait for their turn, and those beyond the bound are sent away at once', async () => {
    const passwords = new Passwords();
    const all = await Promise.allSettled(Array.from({ length: 80 }, () => passwords.hash('a long password')));
    // Two under way and 64 behind them.
    expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(66);
    const [sent] = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(sent).toMatchObject({ code: 'unavailable' });
    await expect(passwords.hash('a long password')).resolves.toMatch(/^\$argon2id/);
  });
});
