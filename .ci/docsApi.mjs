// Writes the reference of the built package with TypeDoc into `artifacts/api`; a warning is an error.
// TypeDoc needs an older TypeScript than the project, so both are installed beside it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const tools = '.cache/typedoc';
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const entryPoints = Object.values(exports).flatMap((entry) => entry.types ?? []);

function run(command, words) {
  const isShell = command === 'npm' && process.platform === 'win32';
  const { status } = spawnSync(command, words, { stdio: 'inherit', shell: isShell });
  if (status !== 0) process.exit(status ?? 1);
}

mkdirSync(tools, { recursive: true });
writeFileSync(`${tools}/package.json`, '{ "private": true }');
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
run('npm', ['install', '--prefix', tools, ...quiet, 'typedoc@0.28', 'typescript@6']);
writeFileSync(
  'dist/tsconfig.json',
  JSON.stringify({
    extends: '../tsconfig.json',
    compilerOptions: { allowImportingTsExtensions: false, rewriteRelativeImportExtensions: false },
    include: entryPoints.map((path) => resolve(path)),
  }),
);
run(process.execPath, [
  `${tools}/node_modules/typedoc/bin/typedoc`,
  ...entryPoints.flatMap((path) => ['--entryPoints', path]),
  ...['--tsconfig', 'dist/tsconfig.json', '--out', 'artifacts/api', '--readme', 'none'],
  // Lists of words whose types are published as the words.
  ...['failureStages', 'hazards', '__type.fit', '__type.format', '__type.focus', '__type.place'].flatMap(
    (name) => ['--intentionallyNotExported', name],
  ),
  '--treatWarningsAsErrors',
]);
