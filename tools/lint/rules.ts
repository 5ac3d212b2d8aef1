import type { Ban } from './bans.ts';

const defaultExportMessage =
  'Use a named export: it keeps one name in every file that imports it, and tools can follow it.';

/** Rules that hold in every source file, whatever the bans. */
const syntaxEverywhere = [
  { selector: 'ExportDefaultDeclaration', message: defaultExportMessage },
  { selector: "ExportSpecifier[exported.name='default']", message: defaultExportMessage },
];

/**
 * The `no-restricted-*` rules for a set of bans.
 *
 * ESLint replaces a rule's options as a whole when two blocks of its configuration match one file, so a block that
 * lifts some bans has to restate the others: pass what is left.
 */
export function restrictions(bans: readonly Ban[], options = { allowDefaultExport: false }) {
  const globals: object[] = [];
  const properties: object[] = [];
  const paths: object[] = [];
  const syntax: object[] = options.allowDefaultExport ? [] : [...syntaxEverywhere];

  for (const { match, message } of bans) {
    switch (match.kind) {
      case 'global':
        globals.push({ name: match.name, message });
        break;
      case 'property':
        properties.push({
          property: match.property,
          message,
          ...(match.object === undefined ? {} : { object: match.object }),
        });
        break;
      case 'import':
        for (const name of [match.module, `node:${match.module}`]) {
          paths.push({ name, message, ...(match.names === undefined ? {} : { importNames: match.names }) });
        }
        break;
      case 'syntax':
        syntax.push({ selector: match.selector, message });
        break;
    }
  }
  return {
    'no-restricted-globals': ruleOrOff(globals, ['error', { globals, checkGlobalObject: true }]),
    'no-restricted-imports': ruleOrOff(paths, ['error', { paths }]),
    'no-restricted-properties': ruleOrOff(properties, ['error', ...properties]),
    'no-restricted-syntax': ruleOrOff(syntax, ['error', ...syntax]),
  };
}

// ESLint reads a severity without options as "keep the options of the block before", so nothing left has to say off.
function ruleOrOff(entries: readonly object[], rule: unknown[]): unknown[] | 'off' {
  return entries.length === 0 ? 'off' : rule;
}
