import type { Plugin } from 'esbuild';

/**
 * Modules of Node.js that packages of the agent load at once and hardly ever use: `ws` needs `zlib` for compressed
 * frames, which the agent does not take, and `commander` needs `child_process` for subcommands that are programs.
 * In the bundle they are loaded when one of their members is first read.
 */
const late = ['zlib', 'child_process'];

const namespace = 'late-builtin';

export const lateBuiltins: Plugin = {
  name: namespace,
  setup(build) {
    build.onResolve({ filter: new RegExp(`^(?:node:)?(?:${late.join('|')})$`) }, ({ importer, path }) =>
      importer.includes('node_modules') ? { path: path.replace(/^node:/, ''), namespace } : undefined,
    );
    build.onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => require('node:${path}')[name] });`,
    }));
  },
};
