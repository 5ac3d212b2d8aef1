import { defineConfig, globalIgnores } from 'eslint/config';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';
import { machineBans, randomBans } from './tools/lint/bans.ts';
import { restrictions } from './tools/lint/rules.ts';

const tests = ['**/*.test.ts', '**/testing/**/*.ts', '**/test-support.ts'];
const harness = ['bench/**/*.ts', 'e2e/**/*.ts', 'simulator/**/*.ts', 'tools/**/*.ts', '*.ts'];

export default defineConfig(
  globalIgnores(['**/dist/', 'coverage/', 'data/', '.tmp/', '**/testdata/', '**/*.gen.ts']),
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...restrictions([...machineBans, ...randomBans]),

      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',

      // A number reads the same in a template as through String(); an object or undefined does not.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // Spreading a string walks its code points, which is what our alphabets want.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // `const { secret: _, ...rest } = row` is how a field is left out.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      // There are no enums here (erasableSyntaxOnly), and this one is the slowest rule of the set.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      // An async function without await is how a synchronous store keeps an asynchronous interface.
      '@typescript-eslint/require-await': 'off',

      complexity: ['error', 15],
      eqeqeq: 'error',
      'no-cond-assign': 'error',
      'no-control-regex': 'error',
      'no-empty': 'error',
      'no-fallthrough': 'error',
      'no-irregular-whitespace': 'error',
      'no-loss-of-precision': 'error',
      'no-misleading-character-class': 'error',
      'no-promise-executor-return': 'error',
      'no-template-curly-in-string': 'error',
      'no-unmodified-loop-condition': 'error',
      'no-unreachable-loop': 'error',
      'no-unsafe-finally': 'error',
      'no-unsafe-optional-chaining': 'error',
      'no-useless-assignment': 'error',
      'no-useless-catch': 'error',
      'no-useless-escape': 'error',
      'object-shorthand': 'error',
      'preserve-caught-error': 'error',
      'max-depth': ['error', 4],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // Where a process is put together it reads the machine's time and environment; its random numbers it passes on.
    files: ['apps/*/src/main.ts'],
    rules: restrictions(randomBans),
  },
  {
    // Simulated time lets the real event loop turn once, so that promises settle. It still reads no clock.
    files: ['packages/platform/src/simulated/time.ts'],
    rules: restrictions([...machineBans.filter(({ match }) => match.name !== 'setImmediate'), ...randomBans]),
  },
  {
    files: ['apps/dashboard/src/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat['recommended-latest']],
    rules: {
      // `onClick={() => setOpen(true)}` is how an event is answered.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: [...tests, ...harness, 'packages/platform/src/real/**/*.ts', 'apps/dashboard/src/platform.ts'],
    rules: restrictions([]),
  },
  {
    files: tests,
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      // The type of a constant alphabet is a literal, which the exception above does not know.
      '@typescript-eslint/no-misused-spread': 'off',
      // expect.objectContaining() and a parsed reply are `any`; the assertion is the check.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // Their programs take the default export.
    files: ['**/*.config.js', '**/*.config.ts'],
    rules: restrictions([], { allowDefaultExport: true }),
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { module: 'writable', require: 'readonly', __dirname: 'readonly' },
    },
  },
);
