/**
 * Who may import whom (DESIGN.md, "Rooms"). Run by tools/imports.ts, which prints each rule's comment to whoever
 * breaks it: the comment says what to do instead. tools/prove-gates.ts plants a violation of every rule.
 */

const { builtinModules } = require('node:module');

/** Code that never ships: tests beside the code and their helpers. */
const testCode = ['\\.test\\.ts$', '/testing/', '/test-support\\.ts$'];
const harness = '^(simulator|bench|e2e|tools)/';
const npm = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'];

/** Pure code may use these built-in modules; every other one does I/O, or opens the door to it. */
const pureBuiltins = '^(node:)?(assert|buffer|crypto|path|string_decoder|url|util)(/|$)';
const purePackages = '(^|/)node_modules/(zod|ipaddr\\.js)/';
const pureFiles = '/(decide|machine|session)\\.ts$';

const rules = [
  // Between rooms
  {
    name: 'contract-imports-nothing-of-ours',
    comment:
      'The contract is what every room agrees on, so it knows none of them. Move what both need into packages/contract, or take it as an argument.',
    from: { path: '^packages/contract/' },
    to: { path: '^(packages|apps|simulator|bench|e2e|tools)/', pathNot: '^packages/contract/' },
  },
  {
    name: 'contract-depends-on-zod-alone',
    comment:
      'The contract also runs in a browser and in other people’s clients: no node: built-ins, no package but zod. Take random bytes and hashes as arguments, or keep the code that needs them in the app.',
    from: { path: '^packages/contract/', pathNot: testCode },
    to: { dependencyTypes: ['core', ...npm], pathNot: '(^|/)node_modules/zod/' },
  },
  {
    name: 'platform-imports-nothing-of-ours',
    comment:
      'The platform is beneath everything: it offers Clock, Timers, Random and Files, and knows nobody. Move what knows the product into the app that uses it.',
    from: { path: '^packages/platform/' },
    to: { path: '^(packages|apps|simulator|bench|e2e|tools)/', pathNot: '^packages/platform/' },
  },
  {
    name: 'packages-through-their-front-door',
    comment:
      "Import a package by name (from '@edgeflow/contract', '@edgeflow/platform', '@edgeflow/platform/simulated') and export from its index.ts what you miss.",
    from: { path: '^(apps|simulator|bench|e2e|tools)/' },
    to: {
      path: '^packages/',
      pathNot: ['^packages/[^/]+/src/index\\.ts$', '^packages/platform/src/simulated/index\\.ts$'],
    },
  },
  {
    name: 'apps-never-import-each-other',
    comment:
      'Two apps share only packages/contract and packages/platform. Put the shape both need into the contract; a test that needs both belongs in e2e/.',
    from: { path: '^apps/([^/]+)/' },
    to: { path: '^apps/', pathNot: '^apps/$1/' },
  },
  {
    name: 'dashboard-imports-contract-alone',
    comment:
      'The dashboard talks to the cloud through the typed client of @edgeflow/contract; the browser has its own clock, timers and random numbers.',
    from: { path: '^apps/dashboard/' },
    to: { path: '^packages/', pathNot: '^packages/contract/' },
  },
  {
    name: 'dashboard-runs-in-a-browser',
    comment:
      'There is no Node.js in a browser. Use what browsers have; what wants the disk belongs in tools/dashboard or e2e/browser.',
    from: { path: '^apps/dashboard/src/', pathNot: testCode },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'nobody-imports-the-harness',
    comment:
      'simulator, bench, e2e and tools may import anything and are imported by nobody. Move what you need into the app or package that owns it.',
    from: { pathNot: harness },
    to: { path: harness },
  },

  // Inside the cloud
  {
    name: 'features-through-their-index',
    comment:
      'A feature’s index.ts is all that others may import. Export from it what you need, or use what it offers already.',
    from: { path: '^apps/cloud/src/features/([^/]+)/' },
    to: {
      path: '^apps/cloud/src/features/[^/]+/.',
      pathNot: ['^apps/cloud/src/features/$1/', '^apps/cloud/src/features/[^/]+/index\\.ts$', '/testing/'],
    },
  },
  {
    name: 'cloud-reaches-features-through-their-index',
    comment:
      'A feature’s index.ts is all that the rest of the cloud may import. Export from it what you need, or move the code into the feature.',
    from: { path: '^apps/cloud/src/', pathNot: ['^apps/cloud/src/features/', ...testCode] },
    to: {
      path: '^apps/cloud/src/features/[^/]+/.',
      pathNot: '^apps/cloud/src/features/[^/]+/index\\.ts$',
    },
  },
  {
    name: 'rules-and-stores-know-no-routes',
    comment:
      'routes.ts calls decide.ts and store.ts, never the other way. Pass the value in as an argument; a shape both need goes into a file of its own.',
    from: { path: '/(decide|store)\\.ts$' },
    to: { path: '/routes\\.ts$' },
  },

  // Pure code
  {
    name: 'pure-code-uses-no-io-module',
    comment:
      'decide.ts, machine.ts and session.ts are pure: what happened comes in as an argument, what to do goes out as an effect. Let the route, store, gateway or driver touch the disk, the network and the process; a file of that name which is no state machine wants another name.',
    from: { path: pureFiles },
    to: { dependencyTypes: ['core'], pathNot: pureBuiltins },
  },
  {
    name: 'pure-code-uses-no-io-package',
    comment:
      'decide.ts, machine.ts and session.ts use no package but zod and ipaddr.js. Let the route, store, gateway or driver hold the database, the socket and the logger.',
    from: { path: pureFiles },
    to: { dependencyTypes: npm, pathNot: purePackages },
  },
  {
    name: 'pure-code-knows-no-effects',
    comment:
      'decide.ts, machine.ts and session.ts never know who performs what they decide. Return an effect and let driver, gateway or store perform it; a shape both need goes into a file of its own.',
    from: { path: pureFiles },
    to: { path: '/(driver|gateway|registry|routes|store)\\.ts$' },
  },
  {
    name: 'pure-code-runs-no-infrastructure',
    comment:
      'decide.ts, machine.ts and session.ts may know the shape of a row (import type), never call storage, fabric or http. Read before, pass the values in, return what to write.',
    from: { path: pureFiles },
    to: { path: '^apps/cloud/src/(storage|fabric|http)/', dependencyTypesNot: ['type-only'] },
  },

  // Everywhere
  {
    name: 'no-cycle',
    comment:
      'Two modules that need each other are one module, or hide a third: move what both use into a file of its own, or take it as an argument.',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-orphan',
    comment: 'Nothing imports this file and it imports nothing: use it or delete it.',
    from: {
      orphan: true,
      pathNot: ['\\.d\\.ts$', '\\.test\\.ts$', '(^|/)main\\.ts$', harness],
    },
    to: {},
  },
  {
    name: 'no-unresolvable',
    comment:
      'This import leads nowhere: mind the .ts extension, the exports of the package’s package.json, and npm ci.',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-undeclared-package',
    comment:
      'The package is not in the package.json of this workspace, so it works only by accident of hoisting: declare it there with an exact version.',
    from: { path: '^(packages|apps)/' },
    to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], pathNot: '^packages/' },
  },
  {
    name: 'no-dev-dependency-in-production',
    comment:
      'A devDependency is absent where the program runs. Move the import into a test or a testing/ folder, or move the package to this workspace’s dependencies.',
    from: { path: '^(packages|apps)/', pathNot: [...testCode, '/vite\\.config\\.ts$'] },
    to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
  },
  {
    name: 'production-knows-no-test-code',
    comment:
      'Tests, testing/ folders and simulated parts never ship. Take the interface as an argument and let the test bring the simulated one.',
    from: { path: '^(packages|apps)/', pathNot: [...testCode, '^packages/platform/src/simulated/'] },
    to: { path: [...testCode, '^packages/platform/src/simulated/'], pathNot: '(^|/)node_modules/' },
  },
];

module.exports = {
  forbidden: rules.map((rule) => ({ severity: 'error', ...rule })),
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    // No `exclude`: most packages live in a dist/ of theirs, and an import that is excluded breaks no rule.
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.json' },
    // Built-ins that exist only with their prefix (node:sqlite, node:test) are not known by default.
    builtInModules: { add: builtinModules.filter((name) => name.startsWith('node:')) },
    // Imports of types are imports: a pure file that knows the store's types is tied to the store.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.json', '.d.ts'],
    },
  },
};
