// A run of real-size images with renditions over several workers and a bucket, and the same by one
// machine: `npm run bench:bucket -- --images 2000 --workers 3 --kills 4`. Checks that both leave the
// same, that the bucket has each file of the manifest, and that nothing was paid twice.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { lastValueFrom, mergeMap, range, toArray } from 'rxjs';
import { openDatabase } from '../../../src/fleet/database/connection.ts';
import { startLocalDatabase } from '../../../src/fleet/local/localDatabase.ts';
import { startSimulator } from '../../../src/simulator/index.ts';
import type { Outcome } from '../../../src/types.ts';
import { aBucket, type Bucket, credentials } from '../../sinks/destinations/aBucket.ts';
import { startWorkers, type Workers } from '../fleet/startWorkers.ts';
import { environment } from '../runBatch.ts';
import { startGenerate } from '../startGenerate.ts';
import { drawImages } from './drawImages.ts';

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '2000' },
    workers: { type: 'string', default: '3' },
    kills: { type: 'string', default: '4' },
    distinct: { type: 'string', default: '64' },
  },
});
const [images, workers, kills, distinct] = [values.images, values.workers, values.kills, values.distinct].map(
  Number,
) as [number, number, number, number];
if (![images, workers, distinct].every((value) => Number.isInteger(value) && value >= 1)) {
  process.stderr.write('error: Expected the numbers to be whole ones of 1 or more\n');
  process.exit(2);
}

const print = (line: string) => process.stdout.write(`${line}\n`);
const secondsSince = (fromMs: number) => (performance.now() - fromMs) / 1_000;
const problems: string[] = [];
const expectThat = (isTrue: boolean, problem: string) => {
  if (!isTrue) problems.push(problem);
};

const folder = await mkdtemp(join(tmpdir(), 'rxposure-bucket-'));
const server = await startLocalDatabase();
const bucket = await aBucket('pictures');
// Drawn before, as by a service that has machines of its own.
const drawn = await drawImages(distinct);
const numberOf = (prompt: unknown) => Number(/\d+$/.exec(String(prompt))?.[0] ?? 0);
const simulator = await startSimulator({
  ...{ render: 'fast', speed: 10, medianMs: 2_000, coldStarts: false },
  faults: {
    onFile: ({ input }) => ({
      type: 'replace',
      file: drawn[numberOf(input.prompt) % distinct] ?? new Uint8Array(),
    }),
  },
});
const env = {
  ...environment(simulator, folder),
  AWS_ENDPOINT_URL_S3: bucket.endpoint,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
};
const input = join(folder, 'prompts.txt');
await writeFile(input, Array.from({ length: images }, (_, n) => `A pear, number ${n}\n`).join(''));
const how = [
  ...['--rate', '6000', '--concurrency', '50', '--no-provenance'],
  ...['--rendition', 'web=512x512,webp', '--rendition', 'thumb=256x256,jpeg'],
];

/** Runs `generate` to its end; resolves with its outcomes, and how long it took. */
async function run(name: string, flags: readonly string[]) {
  const out = join(folder, name);
  const began = performance.now();
  const script = startGenerate([input, '--out', out, '--to', `s3://pictures/${name}`, ...how, ...flags], env);
  const code = await script.ended;
  expectThat(code === 0, `${name} ended with ${code}: ${script.said().slice(-2_000)}`);
  const manifest = await readFile(join(out, 'manifest.json'), 'utf8').catch(() => '{ "outcomes": [] }');
  const { outcomes } = JSON.parse(manifest) as { outcomes: readonly Outcome[] };
  const tiles = await readFile(join(out, 'gallery.html'), 'utf8').catch(() => '');
  expectThat(tiles.includes('.thumbs/'), `${name} has no gallery with thumbnails`);
  return { outcomes, seconds: secondsSince(began) };
}

/** Kills a worker every few seconds, one after the other. */
async function killWorkers(fleet: Workers, isOver: () => boolean): Promise<number> {
  let killed = 0;
  // Once the first images are made.
  while (!isOver() && simulator.stats().succeeded < images / 10) await setTimeout(200);
  while (!isOver() && killed < kills) {
    fleet.kill(killed % workers);
    killed += 1;
    await setTimeout(8_000);
  }
  return killed;
}

/** Reads each file of the manifest from the bucket; returns their bytes. */
async function readAll(store: Bucket, name: string, outcomes: readonly Outcome[]): Promise<number> {
  const files = outcomes.flatMap((outcome) => outcome.files);
  const sizes = await lastValueFrom(
    range(0, files.length).pipe(
      mergeMap(async (at) => {
        const { path = '', sha256 } = files[at] ?? {};
        const { bytes } = await store.read(`${name}/${path}`);
        const isSame = createHash('sha256').update(bytes).digest('hex') === sha256;
        expectThat(isSame, `${name}/${path} differs from the manifest`);
        return bytes.length;
      }, 8),
      toArray(),
    ),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** An outcome without the fields that differ from run to run. */
function timeless(outcome: Outcome) {
  const { predictionId: _id, createdAt: _created, completedAt: _done, metrics: _all, ...same } = outcome;
  // A worker that dies between its grant and its request has made an attempt, and no prediction.
  const attempts = kills === 0 ? same.attempts : Math.min(1, same.attempts);
  const addresses = Object.values(same.deliveredTo ?? {}).flat();
  return { ...same, attempts, deliveredTo: addresses.map((address) => address.split('/').slice(4)) };
}

print(`In ${folder}: ${images} images of ${drawn[0]?.length} bytes and more, ${workers} workers\n`);
const scratch = join(folder, 'scratch');
await mkdir(scratch);
const fleet = startWorkers(workers, {
  shared: folder,
  url: server.url,
  env,
  isShared: false,
  flags: ['--scratch', scratch],
});
let isOver = false;
const killing = killWorkers(fleet, () => isOver);
const night = await run('night', [`--queue=${server.url}`]);
isOver = true;
const killed = await killing;
await fleet.close();
print(
  `over the bucket   ${night.seconds.toFixed(0)} s, ${(images / night.seconds).toFixed(1)} images a second, ${killed} kills`,
);
const made = simulator.stats();
expectThat(made.succeeded === images, `${made.succeeded} predictions for ${images} images`);
const database = await openDatabase({ url: server.url, connections: 1 });
const [books = {}] = await database.query(
  `SELECT (SELECT count(*) FROM rx.flight) + (SELECT count(*) FROM rx.job) AS left_over,
    (SELECT sum(spent_micro_usd) FROM rx.run) AS spent`,
);
await database.close();
expectThat(Number(books.left_over) === 0, `${books.left_over} slots and jobs are left in the database`);
expectThat(
  Number(books.spent) === made.billedMicroUsd,
  `${books.spent} spent, ${made.billedMicroUsd} billed`,
);
const bytes = await readAll(bucket, 'night', night.outcomes);
const keys = (await bucket.keys()).length;
print(
  `in the bucket     ${keys} objects, ${(bytes / 1e6).toFixed(0)} MB of images, each as the manifest says`,
);

const alone = await run('alone', ['--delete-local']);
print(
  `by one machine    ${alone.seconds.toFixed(0)} s, ${(images / alone.seconds).toFixed(1)} images a second`,
);
const differing = night.outcomes.filter(
  (outcome, at) => !isDeepStrictEqual(timeless(outcome), timeless(alone.outcomes[at] ?? outcome)),
);
expectThat(night.outcomes.length === images, `${night.outcomes.length} outcomes for ${images} images`);
expectThat(alone.outcomes.length === images, `${alone.outcomes.length} outcomes of one machine`);
expectThat(differing.length === 0, `${differing.length} outcomes differ, such as #${differing[0]?.index}`);
await Promise.all([simulator.close(), bucket.close(), server.close()]);

if (problems.length === 0) {
  print('\nBoth manifests are the same but for times and ids; nothing was paid twice, nothing is left over.');
  await rm(folder, { recursive: true, force: true });
} else {
  print(`\nWRONG; look into ${folder}:`);
  for (const problem of problems.slice(0, 20)) print(`  ${problem}`);
  print(fleet.said().slice(-4_000));
  process.exitCode = 1;
}
