// Builds `dist`: a declaration for each module, and the JavaScript in a few files, since finding and
// opening one for each module takes longer than running them.
// Plain JavaScript, so that `prepack` needs no loader of TypeScript.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

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
await build({
  // The last one is started as a process of its own.
  entryPoints: [...published, ...Object.values(bin), 'dist/images/decoderProcess.js'].map(source),
  outdir: outDir,
  outbase: 'src',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  packages: 'external',
  format: 'esm',
  platform: 'node',
  target: `node${engines.node.replace(/[^\d.]/g, '')}`,
  logLevel: 'warning',
});
