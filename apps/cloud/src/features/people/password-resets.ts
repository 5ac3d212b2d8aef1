import { AsyncLocalStorage } from 'node:async_hooks';

/** A link for a new password, before it is on its way. */
export interface PasswordReset {
  readonly secret: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
}

/** Hands the secret that better-auth makes to whoever asked for it. */
export class PasswordResets {
  readonly #asked = new AsyncLocalStorage<{ made?: PasswordReset }>();

  /** What was made within `work`; undefined when nobody has that address. */
  async during(work: () => Promise<unknown>): Promise<PasswordReset | undefined> {
    const asked: { made?: PasswordReset } = {};
    await this.#asked.run(asked, work);
    return asked.made;
  }

  made(reset: PasswordReset): void {
    const asked = this.#asked.getStore();
    if (asked !== undefined) asked.made = reset;
  }
}
