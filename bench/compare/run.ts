// Compares speed, CPU and memory with a user's alternatives, and writes the tables and plots of
// docs/benchmarks.md: `npm run bench`, half an hour on a quiet machine. `--only originals,start` makes
// some of the tables, and leaves the others as they are. `--quick` makes a tenth of the images once,
// and writes nothing.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { type Contestant, hold, start } from './contest.ts';
import { measuredNow, writePage } from './page.ts';
import { renditionRate } from './renditionRate.ts';
import { columns, rate, type Table, tableOf } from './tables.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
  },
});
const rounds = values.quick ? 1 : Number(values.rounds);
const some = (images: number) => (values.quick ? Math.ceil(images / 10) : images);

// The package as it is published, and the rivals as JavaScript: no contestant pays for a compiler.
spawnSync(process.execPath, ['.ci/build.mjs'], { stdio: 'inherit' });
const built = resolve('node_modules/.cache/rxposure-bench');
const rivals = ['bareFetch', 'bareDuties', 'pQueue', 'aiSdk', 'officialClient'];
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
  rival('bare fetch, flushed, with log, thumbnails, sidecars', 'bareDuties', concurrency),
  rival('official client, p-queue', 'pQueue', concurrency),
  rival('AI SDK', 'aiSdk', concurrency),
  ours('rxposure', ...flags),
];

const { wall, cpu, peak, requests } = columns;
const plain = { sigma: 0, render: 'full' } as const;
const load = { sigma: 0, render: 'fast', medianMs: 5, createPerMinute: 1e6, createBurst: 1e6 } as const;
const fast = ['--concurrency', '50', '--rate', '100000'];
const specs = ['square=1080x1080,jpeg,80', 'story=1080x1920,webp,80', 'ad=1200x628,webp,80'];

/** All tables by their names, in the order of the page. */
const makers: Readonly<Record<string, (name: string) => Promise<Table>>> = {
  async originals(name) {
    const prompts = some(60);
    const title = `${prompts} prompts, originals alone`;
    const text =
      'Concurrency 10, predictions of 3.2 s. rxposure with its defaults: gallery, thumbnails, provenance, all flushed and journaled.';
    const contest = { prompts, server: { ...plain, medianMs: 3_200 }, contestants: all(10) };
    return tableOf({ name, title, text }, await hold(contest, rounds), [wall, cpu, peak, requests]);
  },
  async renditions(name) {
    const prompts = some(60);
    const title = `${prompts} prompts, three renditions each`;
    const text =
      'Concurrency 10, predictions of 2 s; a 1080x1080 JPEG, a 1080x1920 and a 1200x628 WebP of each, quality 80.';
    const contestants = [
      rival('official client, sharp in its slot', 'officialClient', 10),
      ours('rxposure', ...specs.flatMap((spec) => ['--rendition', spec])),
    ];
    const contest = { prompts, server: { ...plain, medianMs: 2_000 }, contestants };
    return tableOf({ name, title, text }, await hold(contest, rounds), [wall, cpu, peak, requests]);
  },
  async 'tiny-images'(name) {
    const prompts = some(4_000);
    const title = `${prompts.toLocaleString('en')} tiny images`;
    const text = 'Concurrency 50, predictions of 5 ms, images of 64 px: only the work an image is left.';
    const results = await hold({ prompts, server: load, contestants: all(50, ...fast) }, rounds);
    return tableOf({ name, title, text }, results, [rate(prompts), cpu, peak, requests]);
  },
  async memory(name) {
    const runs = [1_000, 12_000].map((images) => ({
      prompts: some(images),
      server: load,
      contestants: [ours(`rxposure, ${images.toLocaleString('en')} images`, ...fast)],
    }));
    const results = [];
    for (const run of runs) results.push(...(await hold(run, 1)));
    const text = 'The same, one run each. The bar is 1.35 times.';
    return tableOf({ name, title: 'Memory of long runs', text }, results, [peak, wall]);
  },
  async start(name) {
    const text = 'A process from its start to its end; the dry run plans 24 prompts against the simulator.';
    const results = await start(startingCommands(), rounds);
    return tableOf({ name, title: 'Start', text }, results, [wall, cpu, peak]);
  },
  'renditions-a-core': () => renditionRate(some(100), values.quick ? 1 : 3),
};

function startingCommands(): Omit<Contestant, 'args'>[] {
  const prompts = join(built, 'two-dozen.txt');
  const lines = Array.from({ length: 24 }, (_, n) => `A still life of ${n + 2} pears\n`);
  writeFileSync(prompts, lines.join(''));
  const scripts = {
    'node alone': '',
    "import 'rxjs'": "import 'rxjs';",
    "rxposure, import 'rxposure'": `import ${JSON.stringify(resolve('dist/index.js'))};`,
  };
  for (const [at, source] of Object.values(scripts).entries())
    writeFileSync(join(built, `${at}.mjs`), source);
  return [
    ...Object.keys(scripts).map((name, at) => ({ name, script: join(built, `${at}.mjs`) })),
    { name: 'rxposure generate --help', script: `${command} generate --help` },
    {
      name: 'rxposure generate --dry-run',
      script: `${command} generate ${prompts} --dry-run --simulate --out ${join(built, 'dry')}`,
    },
  ];
}

const wanted = values.only?.split(',') ?? Object.keys(makers);
const unknown = wanted.filter((name) => makers[name] === undefined);
if (unknown.length > 0) {
  console.error(`Expected tables of ${Object.keys(makers).join(', ')}, got ${unknown.join(', ')}`);
  process.exit(2);
}
for (const [name, make] of Object.entries(makers)) {
  if (!wanted.includes(name)) continue;
  console.log(name);
  const conditions = measuredNow(name === 'memory' ? 1 : rounds);
  const table = await make(name);
  console.log(`\n${table.title}\n\n${table.markdown}\n\n${conditions()}\n`);
  // At once: a later table may take long, or fail.
  if (!values.quick) writePage('docs', { ...table, conditions: conditions() }, Object.keys(makers));
}
