// Writes the reference of the built package with TypeDoc as pages of the site, into
// `docs/reference`; a warning is an error.
// TypeDoc needs an older TypeScript than the project, so both are installed beside it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';

const tools = '.cache/typedoc';
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
const entryPoints = Object.values(exports).flatMap((entry) => entry.types ?? []);
const written = '.cache/reference';
const pages = 'docs/reference';

function run(command, words) {
  const isShell = command === 'npm' && process.platform === 'win32';
  const { status } = spawnSync(command, words, { stdio: 'inherit', shell: isShell });
  if (status !== 0) process.exit(status ?? 1);
}

mkdirSync(tools, { recursive: true });
writeFileSync(`${tools}/package.json`, '{ "private": true }');
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
run('npm', [
  'install',
  '--prefix',
  tools,
  ...quiet,
  'typedoc@0.28',
  'typedoc-plugin-markdown@4.14',
  'typescript@6',
]);
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
  ...['--tsconfig', 'dist/tsconfig.json', '--out', written, '--readme', 'none'],
  ...['--plugin', `./${tools}/node_modules/typedoc-plugin-markdown/dist/index.js`, '--router', 'module'],
  ...['--entryFileName', 'index', '--hidePageHeader', '--hideBreadcrumbs', '--useCodeBlocks'],
  ...['--parametersFormat', 'table', '--interfacePropertiesFormat', 'table', '--disableSources'],
  // Lists of words whose types are published as the words.
  ...[
    ...['failureStages', 'hazards', 'measureNames', 'pickedFileKinds', 'sharedNames'],
    ...['__type.fit', '__type.format', '__type.focus', '__type.place'],
  ].flatMap((name) => ['--intentionallyNotExported', name]),
  '--treatWarningsAsErrors',
]);

// TypeDoc names a page after the folder of its module; the site, after the subpath that you import.
const subpaths = Object.entries(exports).flatMap(([subpath, { types }]) => {
  if (types === undefined) return [];
  const room = types.replace(/^\.\/dist\/|\/?index\.d\.ts$/g, '');
  const name = posix.join('rxposure', subpath);
  return [{ name, from: room === '' ? 'index-1.md' : `${room}.md`, to: `${posix.basename(name)}.md` }];
});
const targets = new Map(subpaths.map(({ from, to }) => [from, to]));
rmSync(pages, { recursive: true, force: true });
mkdirSync(pages, { recursive: true });
for (const { name, from, to } of subpaths) {
  const text = readFileSync(join(written, from), 'utf8')
    .replace(/^# .*$/m, `# ${name}`)
    .replace(/\]\(([\w./-]+\.md)/g, (_whole, path) => {
      const target = posix.join(posix.dirname(from), path);
      return `](${targets.get(target) ?? target}`;
    });
  writeFileSync(join(pages, to), withFences(text));
}
const list = subpaths.map(({ name, to }) => `- [\`${name}\`](${to})`).join('\n');
writeFileSync(
  join(pages, 'index.md'),
  `# All exports\n\nWhat each subpath of the package exports.\n\n${list}\n`,
);

/** Returns a page whose indented code, such as marble pictures, is fenced: the site frames those. */
function withFences(page) {
  const parts = page.split(/(^```[\s\S]*?^```)/m);
  return parts
    .map((part) =>
      part.startsWith('```')
        ? part
        : part.replace(/(?<=\n\n)(?: {4}.*\n(?:\n(?= {4}))?)+/g, (code) => {
            return `\`\`\`text\n${code.replace(/^ {4}/gm, '')}\`\`\`\n`;
          }),
    )
    .join('');
}
