import type { Clock, Random, Timers } from '@edgeflow/platform';
import type { KeyRing } from '../../keyring/index.ts';
import type { Logger } from '../../logging.ts';
import type { Database } from '../../storage/database.ts';
import { Identity } from '../identity/index.ts';
import { type Addresses, knownAddresses, setupLink, signInLink } from './addresses.ts';
import { resetSeconds } from './auth.ts';
import { LastUsed } from './last-used.ts';
import { linkSeconds } from './links.ts';
import { resetLink } from './messages.ts';
import { buildPeople, type People } from './people.ts';
import { ownersOf } from './store.ts';

export interface CommandDeps {
  readonly database: Database;
  readonly keyRing: KeyRing;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** Used where no cloud has started on this database yet. */
  readonly addresses: Addresses;
}

/** What a command prints: the link alone on standard output, words for people beside it. */
export interface Printed {
  readonly link: string;
  readonly words: string;
}

/**
 * The way in for whoever runs the cloud. Works beside a running one: both are on one database, and every link is one
 * conditional write.
 */
export class PeopleCommands {
  readonly #deps: CommandDeps;
  readonly #people: People;
  readonly #identity: Identity;

  constructor(deps: CommandDeps) {
    this.#deps = deps;
    this.#identity = new Identity(deps.database, deps.random, undefined);
    const lastUsed = new LastUsed(deps.database, deps.timers, () => undefined);
    const publicUrl = (): string => deps.addresses.publicUrl;
    this.#people = buildPeople({ ...deps, identity: this.#identity, lastUsed, mailer: undefined, publicUrl });
  }

  /** @throws Error that names whom to ask, when there is an owner */
  async setupLink(): Promise<Printed> {
    const { localUrl } = await this.#start();
    const { setup } = this.#people;
    if (await setup.hasOwner()) {
      const owners = await ownersOf(this.#deps.database, this.#identity.firstOrganizationId ?? '');
      throw new Error(
        `This cloud has an owner: ask ${owners.join(', ')} for an invitation. If all owners are lost: npm start -- reset-owner`,
      );
    }
    const link = setupLink(localUrl, await setup.makeSetupLink());
    return { link, words: `Open it to become the owner. ${works(linkSeconds.setup)}` };
  }

  async resetOwner(): Promise<Printed> {
    const { localUrl } = await this.#start();
    const link = setupLink(localUrl, await this.#people.setup.makeResetOwnerLink());
    return { link, words: `Whoever opens it becomes an owner. ${works(linkSeconds.reset_owner)}` };
  }

  /** @throws Error when nobody has this address */
  async resetPassword(email: string): Promise<Printed> {
    const { publicUrl } = await this.#start();
    const reset = await this.#people.account.makeReset(email.trim().toLowerCase());
    if (reset === undefined) throw new Error(`Nobody with the address ${email} has an account here.`);
    return { link: resetLink(publicUrl, reset.secret), words: `For ${reset.name}. ${works(resetSeconds)}` };
  }

  /** @throws Error when nobody has this address */
  async signInLink(email: string): Promise<Printed> {
    const { localUrl } = await this.#start();
    const secret = await this.#people.setup.makeSignInLink(email.trim().toLowerCase());
    if (secret === undefined) throw new Error(`Nobody with the address ${email} has an account here.`);
    const words = `Signs in without a password. ${works(linkSeconds.sign_in)}`;
    return { link: signInLink(localUrl, secret), words };
  }

  async #start(): Promise<Addresses> {
    await this.#identity.start();
    return (await knownAddresses(this.#deps.database)) ?? this.#deps.addresses;
  }
}

function works(seconds: number): string {
  return `It works once, for ${String(seconds / 60)} minutes.`;
}
