import type { Plant } from './plant.ts';

/** Bugs of the cloud. */
export const cloudPlants: readonly Plant[] = [
  {
    name: 'read-then-write',
    what: 'a code is read, judged and used up later without a condition on what it is by then',
    file: 'apps/cloud/src/features/provisioning/store.ts',
    checkers: [
      'a code is used once',
      'at most one device a code',
      'no code is burnt',
      'a code works once',
      'one answer a claim',
    ],
    seed: 1,
    edits: [
      {
        find: `  const rows = await sql<CodeRow>\`select * from provisioning_codes`,
        replace: `  const cached = hashes.map((hash) => stale.get(hash));
  if (cached.every((row) => row !== undefined)) return new Map(cached.map((row) => [row.code_hash, row]));
  const rows = await sql<CodeRow>\`select * from provisioning_codes`,
      },
      {
        find: `  return new Map(rows.rows.map((row) => [row.code_hash, row]));`,
        replace: `  for (const row of rows.rows) stale.set(row.code_hash, row);
  return new Map(rows.rows.map((row) => [row.code_hash, row]));`,
      },
      {
        find: `/** The codes behind these hashes,`,
        replace: `const stale = new Map<string, CodeRow>();
/** The codes behind these hashes,`,
      },
      {
        find: `where provisioning_codes.id = \${r.code_id} and state = 'active' and expires_at_ms > \${r.now_ms}\``,
        replace: `where provisioning_codes.id = \${r.code_id}\``,
      },
    ],
  },
  {
    name: 'replay-rotates-key',
    what: 'a repeat of a registration is answered with another key',
    file: 'apps/cloud/src/features/provisioning/redeem.ts',
    checkers: ['an answer is a commit', 'one answer a claim', 'every device comes online'],
    seed: 1,
    edits: [
      {
        find: `  const apiKey = keyOf(keyRing, claim, code, credential.device_id, credential.id);`,
        replace: `  const apiKey = keyRing.formatKey(claim.randomKey);`,
      },
      {
        find: `  if (hashApiKey(apiKey) !== credential.key_hash) return { kind: 'refused', code: 'claim_void' };\n`,
        replace: '',
      },
    ],
  },
  {
    name: 'late-close-unregisters',
    what: 'the late close of a replaced connection takes its successor out of the register',
    file: 'apps/cloud/src/tunnel/registry.ts',
    checkers: ['open tunnels are registered'],
    seed: 1,
    edits: [
      {
        find: `    if (this.#sessions.get(deviceId) === session) this.#sessions.delete(deviceId);`,
        replace: `    if (session.epoch !== 0) this.#sessions.delete(deviceId);`,
      },
    ],
  },
  {
    name: 'answer-before-commit',
    what: 'the group commit answers its members before it has committed',
    file: 'apps/cloud/src/storage/group-commit.ts',
    checkers: ['an answer is a commit', 'connected is a commit'],
    seed: 1,
    edits: [
      {
        find: `this.#options.database.transaction((tx) => this.#options.run(tx, items));`,
        replace: `this.#options.database.transaction(async (tx) => {
      const early = await this.#options.run(tx, items);
      early.forEach((result, index) => batch[index]?.resolve(result));
      await new Promise<void>((resolve) => this.#options.timers.after(20, resolve));
      return early;
    });`,
      },
    ],
  },
  {
    name: 'old-key-dies-early',
    what: 'a rotated key dies when the new one is offered, not when it is first used',
    file: 'apps/cloud/src/features/credentials/store.ts',
    checkers: ['no code is burnt', 'a valid key is accepted', 'no identity is given up early'],
    seed: 1,
    edits: [
      {
        find: `      where \${living} and state = 'issued' and device_id in \${jsonTexts(tx.kind, devicesThatExisted)}\``,
        replace: `      where \${living} and device_id in \${jsonTexts(tx.kind, devicesThatExisted)}\``,
      },
    ],
  },
  {
    name: 'replay-counts-anew',
    what: 'a repeat of a registration is answered with the same key and another expiry',
    file: 'apps/cloud/src/features/provisioning/redeem.ts',
    checkers: ['one answer a claim'],
    seed: 1,
    edits: [
      {
        find: `    answer: { device_id: credential.device_id, api_key: apiKey, expires_at: toRfc3339(expiresAtMs) },`,
        replace: `    answer: { device_id: credential.device_id, api_key: apiKey, expires_at: toRfc3339(expiresAtMs + 1_000) },`,
      },
    ],
  },
  {
    name: 'new-key-refused',
    what: 'the cloud refuses a key that it has issued and that nobody has used yet',
    file: 'apps/cloud/src/features/credentials/decide.ts',
    checkers: ['a valid key is accepted'],
    seed: 1,
    edits: [
      {
        find: `match.credential.state === 'ended') return`,
        replace: `match.credential.state !== 'active') return`,
      },
    ],
  },
  {
    name: 'cleans-up-at-start',
    what: 'the cloud deletes codes that nobody has used when it starts',
    file: 'apps/cloud/src/storage/migrate.ts',
    checkers: ['what is committed stays'],
    seed: 1,
    edits: [
      {
        find: `  if (error !== undefined) throw new Error(`,
        replace: `  await database.db.deleteFrom('provisioning_codes').where('state', '=', 'active').execute();
  if (error !== undefined) throw new Error(`,
      },
    ],
  },
  {
    name: 'old-key-lives-on',
    what: 'a new key takes its place beside the old one, and no index forbids it',
    file: 'apps/cloud/src/features/credentials/store.ts',
    checkers: ['one key a device'],
    seed: 1,
    edits: [
      {
        find: `  const deviceIds = credentials.map((credential) => credential.device_id);`,
        replace: `  await sql\`drop index if exists credentials_live\`.execute(tx.db);
  const deviceIds = credentials.map((credential) => credential.device_id);`,
      },
      {
        find: `    where \${living} and state = 'active' and device_id in`,
        replace: `    where 1 = 0 and device_id in`,
      },
    ],
  },
  {
    name: 'shadow-not-stored',
    what: 'the write of a shadow is answered and was never stored',
    file: 'apps/cloud/src/features/shadow/service.ts',
    checkers: ['an acknowledged write is stored'],
    seed: 1,
    edits: [
      {
        find: `      await writeShadow(tx, row);\n`,
        replace: ``,
      },
    ],
  },
  {
    name: 'code-not-stored',
    what: 'one of the codes that an operator is given was never stored',
    file: 'apps/cloud/src/features/codes/service.ts',
    checkers: ['an acknowledged write is stored'],
    seed: 1,
    edits: [
      {
        find: `      made.map(({ row }) => row),`,
        replace: `      made.map(({ row }) => row).slice(1),`,
      },
    ],
  },
  {
    name: 'repeat-is-a-guess',
    what: 'the repeat of a registration counts as one guess too many',
    file: 'apps/cloud/src/features/provisioning/redeem.ts',
    checkers: ['no honest device is slowed down'],
    seed: 1,
    edits: [
      {
        find: `    const one = mayTry || isRepeat(`,
        replace: `    const one = mayTry && !isRepeat(`,
      },
    ],
  },
  {
    name: 'half-open-is-alive',
    what: 'a connection that is replaced counts as alive, whether or not its end acknowledges that',
    file: 'apps/cloud/src/tunnel/life-signs.ts',
    checkers: ['no honest device is accused'],
    seed: 1,
    edits: [
      {
        find: `    socket.once('close', (closeCode) => {
      if (closeCode === closeCodes.replaced) this.#noticed({ deviceId, instance, epoch, aliveAfter: by });
    });`,
        replace: `    void socket;
    this.#noticed({ deviceId, instance, epoch, aliveAfter: by });`,
      },
    ],
  },
  {
    name: 'return-is-overlap',
    what: 'a former process that comes back once more counts as alive, whether or not it answers',
    file: 'apps/cloud/src/features/clones/decide.ts',
    checkers: ['no honest device is accused'],
    seed: 1,
    edits: [
      {
        find: `  const isBetween = back.first < other.first && other.yieldedOn < back.answered;
  return isBetween && other.yieldedTo >= back.answered;`,
        replace: `  return back.first < other.first && other.first < back.newest;`,
      },
    ],
  },
];
