// Builds `dist`: a declaration for each module, and the JavaScript in a few files, since finding and
// opening one for each module takes longer than running them.
// Plain JavaScript, so that `prepack` needs no loader of TypeScript.
import { spawnSync } from 'node:child_process';
import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  // The compiler leaves `.ts` in declarations; what is published are `.js` files.
  writeFileSync(file, readFileSync(file, 'utf8').replace(/((?:from |import\()'\.[^']*)\.ts'/g, "$1.js'"));
}

const published = Object.values(exports).flatMap((entry) => entry.default ?? []);
const source = (path) => path.replace(/^(?:\.\/)?dist\//, 'src/').replace(/\.js$/, '.ts');
// The last one is started as a process of its own.
const entries = [...published, ...Object.values(bin), 'dist/images/decoderProcess.js'].map(source);

/** What an entry imports at once, and all that those import: one file each, as it is loaded whole. */
const loaded = { rx: new Set(), core: new Set() };
const together = {
  name: 'together',
  buildEnd() {
    const visit = (id, found) => {
      const info = this.getModuleInfo(id);
      if (found.has(id) || info === null || info.isExternal) return;
      found.add(id);
      for (const imported of info.importedIds) visit(imported, found);
    };
    visit(resolve('src/operators/rx/index.ts'), loaded.rx);
    visit(resolve('src/index.ts'), loaded.core);
  },
};
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((path) => [path.replace(/^src\/|\.ts$/g, ''), path])),
  platform: 'node',
  // Of zod the parts that are used go into the files: loading it whole takes a third of an import.
  external: (id) => !/^[./]|^src\/|^[A-Z]:|^zod$/.test(id),
  treeshake: { moduleSideEffects: false },
  transform: { target: `node${engines.node.replace(/[^\d.]/g, '')}` },
  plugins: [together],
});
await bundle.write({
  dir: outDir,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
  comments: { jsdoc: false, annotation: false },
  codeSplitting: {
    groups: [
      // It runs in a browser, so nothing else may be in its file.
      { name: 'rx', test: (id) => loaded.rx.has(id), priority: 2 },
      { name: 'core', test: (id) => loaded.core.has(id), priority: 1 },
    ],
  },
});
await bundle.close();
copyFileSync('node_modules/zod/LICENSE', join(outDir, 'chunks/zod.LICENSE'));
