// Compares speed, CPU and memory with a user's alternatives, and writes the tables and plots of
// docs/benchmarks.md: `npm run bench`, half an hour on a quiet machine. `npm run bench -- --quick`
// makes a tenth of the images once, and writes nothing.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { type Contestant, hold, start } from './contest.ts';
import { writePage } from './page.ts';
import { renditionRate } from './renditionRate.ts';
import { columns, rate, type Table, tableOf } from './tables.ts';

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string', default: '5' } },
});
const rounds = values.quick ? 1 : Number(values.rounds);
const some = (images: number) => (values.quick ? Math.ceil(images / 10) : images);

// The package as it is published, and the rivals as JavaScript: nobody pays for a compiler.
spawnSync(process.execPath, ['.ci/build.mjs'], { stdio: 'inherit' });
const built = resolve('node_modules/.cache/rxposure-bench');
const rivals = ['bareFetch', 'pQueue', 'aiSdk', 'officialClient'];
await build({
  entryPoints: rivals.map((name) => `bench/rivals/${name}.ts`),
  outdir: built,
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  logLevel: 'error',
});
const rival = (name: string, script: string, concurrency: number): Contestant => ({
  name,
  script: join(built, `${script}.mjs`),
  args: (prompts, out) => [prompts, out, `${concurrency}`],
});
const command = resolve('dist/cli/bin/rxposure.js');
const ours = (name: string, ...flags: string[]): Contestant => ({
  name,
  script: command,
  args: (prompts, out) => ['generate', prompts, '--out', out, '--quiet', ...flags],
});
const all = (concurrency: number, ...flags: string[]) => [
  rival('bare fetch, Prefer: wait', 'bareFetch', concurrency),
  rival('official client, p-queue', 'pQueue', concurrency),
  rival('AI SDK', 'aiSdk', concurrency),
  ours('rxposure', ...flags),
];

const tables: Table[] = [];
const { wall, cpu, peak, requests } = columns;
const plain = { sigma: 0, render: 'full' } as const;

console.log('Originals');
const originals = { prompts: some(60), server: { ...plain, medianMs: 3_200 }, contestants: all(10) };
tables.push(
  tableOf(
    {
      name: 'originals',
      title: `${originals.prompts} prompts, originals alone`,
      text: 'Concurrency 10, predictions of 3.2 s. rxposure with its defaults: gallery, thumbnails, provenance, all flushed and journaled.',
    },
    await hold(originals, rounds),
    [wall, cpu, peak, requests],
  ),
);

console.log('Renditions');
const specs = ['square=1080x1080,jpeg,80', 'story=1080x1920,webp,80', 'ad=1200x628,webp,80'];
const rendered = {
  prompts: some(60),
  server: { ...plain, medianMs: 2_000 },
  contestants: [
    rival('official client, sharp in its slot', 'officialClient', 10),
    ours('rxposure', ...specs.flatMap((spec) => ['--rendition', spec])),
  ],
};
tables.push(
  tableOf(
    {
      name: 'renditions',
      title: `${rendered.prompts} prompts, three renditions each`,
      text: 'Concurrency 10, predictions of 2 s; a 1080x1080 JPEG, a 1080x1920 and a 1200x628 WebP of each, quality 80.',
    },
    await hold(rendered, rounds),
    [wall, cpu, peak, requests],
  ),
);

console.log('Tiny images');
const load = { sigma: 0, render: 'fast', medianMs: 5, createPerMinute: 1e6, createBurst: 1e6 } as const;
const fast = ['--concurrency', '50', '--rate', '100000'];
const tiny = { prompts: some(4_000), server: load, contestants: all(50, ...fast) };
tables.push(
  tableOf(
    {
      name: 'tiny-images',
      title: `${tiny.prompts.toLocaleString('en')} tiny images`,
      text: 'Concurrency 50, predictions of 5 ms, images of 64 px: what is left is the work an image.',
    },
    await hold(tiny, rounds),
    [rate(tiny.prompts), cpu, peak, requests],
  ),
);

console.log('Memory');
const small = { prompts: some(1_000), server: load, contestants: [ours('rxposure, 1,000 images', ...fast)] };
const large = {
  prompts: some(12_000),
  server: load,
  contestants: [ours('rxposure, 12,000 images', ...fast)],
};
const memory = [...(await hold(small, 1)), ...(await hold(large, 1))];
const aboutMemory = 'The same, one run each. The bar is 1.35 times.';
tables.push(
  tableOf({ name: 'memory', title: 'Memory of long runs', text: aboutMemory }, memory, [peak, wall]),
);

console.log('Start');
const prompts = join(built, 'two-dozen.txt');
mkdirSync(built, { recursive: true });
writeFileSync(prompts, Array.from({ length: 24 }, (_, n) => `A still life of ${n + 2} pears\n`).join(''));
const scripts = {
  'node alone': '',
  "rxposure, import 'rxposure'": `import ${JSON.stringify(resolve('dist/index.js'))};`,
};
for (const [at, source] of Object.values(scripts).entries()) writeFileSync(join(built, `${at}.mjs`), source);
const starts = [
  ...Object.keys(scripts).map((name, at) => ({ name, script: join(built, `${at}.mjs`) })),
  { name: 'rxposure generate --help', script: `${command} generate --help` },
  {
    name: 'rxposure generate --dry-run',
    script: `${command} generate ${prompts} --dry-run --simulate --out ${join(built, 'dry')}`,
  },
];
const aboutStart = 'A process from its start to its end; the dry run plans 24 prompts against the simulator.';
tables.push(
  tableOf({ name: 'start', title: 'Start', text: aboutStart }, await start(starts, rounds), [
    wall,
    cpu,
    peak,
  ]),
);

console.log('Renditions a core');
tables.push(await renditionRate(some(100), values.quick ? 1 : 3));

for (const { title, markdown } of tables) console.log(`\n${title}\n\n${markdown}`);
if (!values.quick) writePage('docs', tables, rounds);
