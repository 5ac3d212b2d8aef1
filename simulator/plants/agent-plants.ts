import type { Plant } from './plant.ts';

/** Bugs of the agent, and of what both programs use. */
export const agentPlants: readonly Plant[] = [
  {
    name: 'key-stored-late',
    what: 'the tunnel opens while the new key is still being written to the disk',
    file: 'apps/agent/src/identity/identity-store.ts',
    checkers: ['a key is durable before it is used', 'no code is burnt'],
    seed: 1,
    edits: [
      {
        find: `const notices = await this.#vault.write(identityDocument, identity);`,
        replace: `const notices: readonly Notice[] = [];
    void this.#vault.write(identityDocument, identity).catch(() => undefined);`,
      },
    ],
  },
  {
    name: 'no-fsync',
    what: 'the claim secret is written and renamed, but not fsynced',
    file: 'packages/platform/src/files.ts',
    checkers: ['the claim is durable before it is sent', 'a key is durable before it is used'],
    seed: 1,
    edits: [{ find: `  await files.sync(temporary);\n`, replace: '' }],
  },
  {
    name: 'no-folder-fsync',
    what: 'the claim secret is fsynced, but its new name is not',
    file: 'packages/platform/src/files.ts',
    checkers: ['the claim is durable before it is sent', 'a key is durable before it is used'],
    seed: 1,
    edits: [
      {
        find: `  await files.rename(temporary, path);\n  await files.syncFolder(folderOf(path));`,
        replace: `  await files.rename(temporary, path);`,
      },
    ],
  },
  {
    name: 'identity-dropped-on-401',
    what: 'the device throws its identity away when its key is refused',
    file: 'apps/agent/src/provisioning/driver.ts',
    checkers: [
      'no identity is given up early',
      'no code is burnt',
      'a key is durable before it is used',
      'every device comes online',
    ],
    seed: 10,
    edits: [
      {
        find: `        const { credential, problem } = report;`,
        replace: `        const { credential, problem } = report;
        void this.#deps.identities.update((identity) => ({ ...identity, api_key: 'none', next: undefined, previous: undefined }));`,
      },
    ],
  },
  {
    name: 'code-deleted-first',
    what: 'the claim is forgotten as soon as it is answered, before its key is stored',
    file: 'apps/agent/src/provisioning/claiming.ts',
    checkers: ['no code is burnt'],
    seed: 1,
    edits: [
      {
        find: `    go(s, { type: 'write_identity', write: { kind: 'grant', grant, code } }),`,
        replace: `    go(s, { type: 'finish_claim' }, { type: 'write_identity', write: { kind: 'grant', grant, code } }),`,
      },
    ],
  },
  {
    name: 'device-clock-judges',
    what: 'the device judges by its own clock whether its key has expired',
    file: 'apps/agent/src/provisioning/driver.ts',
    checkers: ['every device comes online', 'no code is burnt', 'no identity is given up early'],
    seed: 1,
    edits: [
      {
        find: `    const identity = await identities.load();`,
        replace: `    let identity = await identities.load();
    if (identity.kind === 'opened' && Date.parse(identity.value.expires_at ?? '') < this.#deps.time.clock.now())
      identity = { kind: 'absent' };`,
      },
    ],
  },
  {
    name: 'unknown-outcome-is-failure',
    what: 'a registration without an answer counts as failed, and the next attempt makes a new Idempotency-Key',
    file: 'apps/agent/src/provisioning/claim-errands.ts',
    checkers: ['the claim is durable before it is sent', 'no code is burnt'],
    seed: 1,
    edits: [
      {
        find: `      const isKnown = error instanceof TransportError;`,
        replace: `      if (claim !== undefined) {
        await claims.finish(claim).catch(() => undefined);
        const again = await claims.open({ cloud: settings.cloud, code: claim.code, board: settings.board }).catch(() => undefined);
        if (again?.kind === 'ready') this.#claim = again.claim;
      }
      const isKnown = error instanceof TransportError;`,
      },
      {
        find: `    const { transport, readInfo, settings, log } = this.#deps;`,
        replace: `    const { transport, readInfo, settings, log, claims } = this.#deps;`,
      },
    ],
  },
  {
    name: 'claim-shared-by-copy',
    what: 'a board that was started from a copied card uses the claim of the board it was copied from',
    file: 'apps/agent/src/identity/claim-store.ts',
    checkers: ['one device, one board', 'every device comes online', 'no code is burnt'],
    seed: 1,
    edits: [
      {
        find: `  if (compareBoards(existing.board, wanted.board) === 'different') return 'new_board';\n`,
        replace: '',
      },
    ],
  },
  {
    name: 'secret-logged',
    what: 'the Idempotency-Key is in a log line',
    file: 'apps/agent/src/provisioning/claim-errands.ts',
    checkers: ['no secret is told'],
    seed: 1,
    edits: [
      {
        find: `log.info({ cloud: settings.cloud }, 'registering this device');`,
        replace: `log.info({ cloud: settings.cloud, key: claim.claim_secret }, 'registering this device');`,
      },
    ],
  },
  {
    name: 'heartbeat-ignored',
    what: 'a tunnel that has gone silent is taken for a living one for ever',
    file: 'apps/agent/src/tunnel/machine.ts',
    checkers: ['every device comes online', 'open tunnels are registered'],
    seed: 1,
    edits: [
      {
        find: `      return state.phase === 'online' ? heartbeat(state) : stay(state);`,
        replace: `      return state.phase === 'online' ? heartbeat({ ...state, pingsUnanswered: 0 }) : stay(state);`,
      },
    ],
  },
];
