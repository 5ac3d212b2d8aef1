/**
 * What the program may not reach for by itself, and what it takes as an argument instead.
 *
 * The one list: `eslint.config.js` turns it into rules, `tools/prove-gates.ts` plants every entry and requires
 * that its advice is printed. An entry without a plant fails the proof.
 */
export interface Ban {
  /** Source code that breaks the ban: planted by the proof. */
  readonly example: string;
  /** Printed to whoever breaks it. Says what to use instead. */
  readonly message: string;
  readonly match: BanMatch;
}

export type BanMatch =
  /** `object.property`, also by destructuring. Without `object`: that property of any object. */
  | { readonly kind: 'property'; readonly object?: string; readonly property: string }
  /** A global, also reached through `globalThis`. */
  | { readonly kind: 'global'; readonly name: string }
  /** An import of `names` (or of anything, when there are none) from `module`, with or without `node:`. */
  | { readonly kind: 'import'; readonly module: string; readonly names?: readonly string[] }
  /** An esquery selector. */
  | { readonly kind: 'syntax'; readonly selector: string };

const wallClock =
  'Take a Clock from @edgeflow/platform as an argument and call clock.now() (epoch milliseconds).';
const monotonic =
  'Take a Clock from @edgeflow/platform as an argument and call clock.monotonic() (milliseconds).';
const timers =
  'Take Timers from @edgeflow/platform as an argument: timers.after(), timers.every(), timers.soon(), or sleep(timers, ms).';
const random =
  'Take Random from @edgeflow/platform as an argument: random.bytes(), randomHex(), uniformInt(), uniformFloat().';
const environment =
  'Only main.ts reads the environment: parse it there with the schema of config.ts and pass the value in.';

/** The operating system's random numbers. Allowed in `packages/platform/src/real` and in test code alone. */
export const randomBans: readonly Ban[] = [
  {
    example: 'export const n = Math.random();',
    message: random,
    match: { kind: 'property', object: 'Math', property: 'random' },
  },
  ...['randomBytes', 'randomUUID', 'randomInt', 'getRandomValues', 'randomFill', 'randomFillSync'].map(
    (property): Ban => ({
      example: `import crypto from 'node:crypto';\nexport const f = () => crypto.${property};`,
      message: random,
      match: { kind: 'property', property },
    }),
  ),
  {
    example: "export { randomUUID } from 'node:crypto';\nexport * from 'crypto';",
    message: random,
    match: {
      kind: 'import',
      module: 'crypto',
      names: [
        'randomBytes',
        'randomUUID',
        'randomInt',
        'getRandomValues',
        'randomFill',
        'randomFillSync',
        'webcrypto',
      ],
    },
  },
];

/** The machine's time, timers and environment. Allowed where a process is put together (`main.ts`) as well. */
export const machineBans: readonly Ban[] = [
  {
    example: 'export const t = Date.now();',
    message: wallClock,
    match: { kind: 'property', object: 'Date', property: 'now' },
  },
  {
    example: 'export const t = new Date();',
    message: `${wallClock} Then new Date(epochMs) or toRfc3339(epochMs).`,
    match: { kind: 'syntax', selector: "NewExpression[callee.name='Date'][arguments.length=0]" },
  },
  {
    example: 'export const t = Date();',
    message: `${wallClock} Date() without new is the machine's time as text.`,
    match: { kind: 'syntax', selector: "CallExpression[callee.name='Date']" },
  },
  {
    example: 'export const t = Temporal.Now.instant();',
    message: wallClock,
    match: { kind: 'property', object: 'Temporal', property: 'Now' },
  },
  {
    example: 'export const t = performance.now();',
    message: monotonic,
    match: { kind: 'property', object: 'performance', property: 'now' },
  },
  {
    example: 'export const t = process.hrtime.bigint();',
    message: monotonic,
    match: { kind: 'property', object: 'process', property: 'hrtime' },
  },
  ...['setTimeout', 'setInterval', 'setImmediate'].map((name): Ban => ({
    example: `export const t = ${name}(() => undefined, 1);\nexport const u = globalThis.${name};`,
    message: timers,
    match: { kind: 'global', name },
  })),
  ...['timers', 'timers/promises'].map((module): Ban => ({
    example: `export { setTimeout } from 'node:${module}';`,
    message: timers,
    match: { kind: 'import', module },
  })),
  {
    example: 'export const signal = AbortSignal.timeout(1000);',
    message:
      'Take Timers from @edgeflow/platform as an argument: timers.after(ms, () => controller.abort(reason)).',
    match: { kind: 'property', object: 'AbortSignal', property: 'timeout' },
  },
  {
    example: 'export const home = process.env.HOME;',
    message: environment,
    match: { kind: 'property', object: 'process', property: 'env' },
  },
  {
    example: "export { env } from 'node:process';",
    message: environment,
    match: { kind: 'import', module: 'process', names: ['env', 'hrtime'] },
  },
];
