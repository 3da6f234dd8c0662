import js from '@eslint/js';
import globals from 'globals';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/** Folder of src/ → the other folders it may know. The interface knows all of them, and nobody knows the interface. */
const mayKnow = {
  geometry: [],
  document: ['geometry'],
  tools: ['document', 'geometry'],
  api: [],
  cache: ['api'],
  inference: ['api', 'cache', 'geometry'],
  offline: ['api', 'cache', 'document', 'geometry'],
};

const folders = [...Object.keys(mayKnow), 'ui'];

const dependencyRules = Object.entries(mayKnow).map(([folder, known]) => ({
  files: [`src/${folder}/**/*.{ts,tsx}`],
  ignores: ['**/*.test.{ts,tsx}', '**/*.bench.ts'],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: folders
          .filter((other) => other !== folder && !known.includes(other))
          .map((other) => ({
            regex: `^(\\.\\./)+${other}(/|$)`,
            message: `${folder}/ may know ${known.join(', ') || 'no other folder'}.`,
          })),
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'src/api/schema.d.ts'] },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  jsxA11y.flatConfigs.recommended,
  { files: ['src/ui/**'], ...reactHooks.configs.flat.recommended },
  {
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.json', 'tsconfig.workers.json', 'tsconfig.tests.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Export by name.' }],
      'prefer-const': ['error', { destructuring: 'all' }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/prefer-for-of': 'off',
      // An empty text is often as good as none.
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
    },
  },
  ...dependencyRules,
  {
    // Geometry and documents run in workers and in Node as well.
    files: ['src/{geometry,document}/**/*.ts'],
    rules: { 'no-restricted-globals': ['error', 'window', 'document', 'navigator', 'self'] },
  },
  { files: ['**/*.{js,mjs}'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.config.{js,ts}'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  { files: ['public/**/*.js'], languageOptions: { globals: { ...globals.browser } } },
  {
    files: ['{tests,bench}/**/*.{js,mjs,ts}', '**/*.config.{js,ts}', 'vite/**/*.ts'],
    languageOptions: { globals: { ...globals.node } },
  },
);
