// Builds `dist`: a declaration for each module, and the JavaScript in a few files, since finding and
// opening one for each module takes longer than running them. The library, the command and the process
// that decodes images are built separately: none loads modules that only another one needs.
// Plain JavaScript, so that `prepack` needs no loader of TypeScript.
import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const [outDir = 'dist'] = process.argv.slice(2);
const { bin, exports, engines } = JSON.parse(readFileSync('package.json', 'utf8'));

rmSync(outDir, { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  ['node_modules/typescript/bin/tsc', '--project', 'tsconfig.build.json', '--outDir', outDir],
  { stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? 1);
for (const path of globSync('**/*.d.ts', { cwd: outDir })) {
  const file = join(outDir, path);
  // The compiler leaves `.ts` in declarations; the published files are `.js`.
  writeFileSync(file, readFileSync(file, 'utf8').replace(/((?:from |import\()'\.[^']*)\.ts'/g, "$1.js'"));
}

const source = (path) => path.replace(/^(?:\.\/)?dist\//, 'src/').replace(/\.js$/, '.ts');

/**
 * Bundles modules with their imports. `chunks` is the folder of the files that they share or load
 * later, `inlined` are the packages that go into the files, with their licences beside them. Each of
 * the `groups` has one file for all modules that some others import together, because it is loaded
 * whole; a module of several groups goes to the first.
 */
async function bundle({ entries, chunks, inlined, alias = {}, groups = [] }) {
  const loaded = groups.map(() => new Set());
  const together = {
    name: 'together',
    buildEnd() {
      const visit = (id, found) => {
        const info = this.getModuleInfo(id);
        if (found.has(id) || info === null || info.isExternal) return;
        found.add(id);
        for (const imported of info.importedIds) visit(imported, found);
      };
      for (const [at, { from }] of groups.entries()) {
        for (const path of from) visit(resolve(path), loaded[at]);
      }
    },
  };
  const inside = new RegExp(`^(?:${inlined.join('|')})(?:/|$)`);
  const built = await rolldown({
    input: Object.fromEntries(entries.map((path) => [path.replace(/^src\/|\.ts$/g, ''), path])),
    platform: 'node',
    resolve: { alias },
    external: (id) => !/^[./]|^src\/|^[A-Z]:/.test(id) && !inside.test(id),
    treeshake: { moduleSideEffects: false },
    transform: { target: `node${engines.node.replace(/[^\d.]/g, '')}` },
    plugins: [together],
  });
  const { output } = await built.write({
    dir: outDir,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: `${chunks}/[name]-[hash].js`,
    comments: { jsdoc: false, annotation: false },
    codeSplitting: {
      groups: groups.map(({ name }, at) => ({
        name,
        test: (id) => loaded[at].has(id),
        priority: groups.length - at,
      })),
    },
  });
  await built.close();
  const modules = output.flatMap((file) => Object.keys(file.modules ?? {}));
  const folders = modules.flatMap(
    (id) => /.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(id)?.[0] ?? [],
  );
  for (const folder of new Set(folders)) {
    const licence = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
    if (licence === undefined) throw new Error(`Expected a licence in ${folder}, got none`);
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    copyFileSync(join(folder, licence), join(outDir, chunks, `${name.replace('/', '-')}.LICENSE`));
  }
}

/** Returns packages with all that they depend on, but for loggers, which are loaded on demand. */
function withDependencies(...names) {
  const found = new Set();
  const visit = (name) => {
    if (found.has(name) || name === 'pino') return;
    found.add(name);
    const { dependencies = {} } = JSON.parse(
      readFileSync(join('node_modules', name, 'package.json'), 'utf8'),
    );
    for (const one of Object.keys(dependencies)) visit(one);
  };
  for (const name of names) visit(name);
  return [...found];
}

await bundle({
  entries: Object.values(exports).flatMap(({ default: path }) => (path === undefined ? [] : source(path))),
  chunks: 'chunks',
  // Of zod the parts that are used: loading it whole takes a third of an import.
  inlined: ['zod'],
  groups: [
    // It runs in a browser, so nothing else may be in its file.
    { name: 'rx', from: ['src/operators/rx/index.ts'] },
    { name: 'core', from: ['src/index.ts'] },
  ],
});
await bundle({
  entries: Object.values(bin).map(source),
  chunks: 'cli/chunks',
  // Each start, or each run on the simulator, needs them: finding and reading the 223 files of rxjs
  // takes longer than the rest of a start. A program that uses the library brings its own rxjs.
  inlined: withDependencies(
    ...['zod', 'rxjs', 'commander', 'fastest-levenshtein', 'string-width'],
    ...['replicate', 'papaparse'],
  ),
  alias: { rxjs: resolve('node_modules/rxjs/dist/esm/index.js') },
  groups: [
    // Loaded before all others, whose compiled code it looks up.
    { name: 'cacheFolder', from: ['src/store/cacheFolder.ts'] },
    { name: 'command', from: ['src/cli/bin/dispatch.ts', 'src/cli/commands/generate.ts'] },
    { name: 'run', from: ['src/cli/making/generate.ts', 'src/cli/batch/service.ts'] },
  ],
});
await bundle({ entries: ['src/images/decoderProcess.ts'], chunks: 'images/chunks', inlined: ['zod'] });
