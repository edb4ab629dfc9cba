import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { type Database, openDatabase } from '../../src/fleet/database/connection.ts';
import { packEnded } from '../../src/fleet/packedOutcomes.ts';
import { unpackPlans } from '../../src/fleet/packedPlans.ts';
import type { Outcome, Plan } from '../../src/types.ts';

/** What it took the command that starts a run to load its prompts, and to write its manifest. */
export interface Loaded {
  readonly prompts: number;
  /** From the start of the process until workers can begin. */
  readonly loadS: number;
  readonly loadPeakMb: number;
  /** From the end of the last image to that of the process. */
  readonly manifestS: number;
  readonly peakMb: number;
  readonly manifestMb: number;
  readonly databaseMb: number;
}

/** Where a fleet is measured. */
export interface Ground {
  /** Folder that it may fill. */
  readonly folder: string;
  /** Address of a database of its own. */
  readonly url: string;
  /** Variables that lead to the simulator. */
  readonly env: NodeJS.ProcessEnv;
}

/** Loads a run of so many prompts, notes outcomes as workers do, and lets the command end it. */
export async function loadAndEnd(prompts: number, { folder, url, env }: Ground): Promise<Loaded> {
  const shared = join(folder, 'shared');
  await mkdir(shared, { recursive: true });
  const input = join(folder, 'prompts.txt');
  await pipeline(Readable.from(linesUpTo(prompts)), createWriteStream(input));
  const out = join(shared, 'night');
  const args = [input, `--queue=${url}`, '--shared', shared, '--out', out, '--no-gallery', '--json'];
  const producer = startProducer(args, env);
  const loadS = await producer.loaded;
  const loadPeakMb = await producer.peakMb();
  const database = await openDatabase({ url, connections: 4 });
  await endAll(database);
  const [{ bytes } = {}] = await database.query('SELECT pg_database_size(current_database()) AS bytes');
  const doneMs = performance.now();
  await database.query(`UPDATE rx.run SET state = 'done', saved = total, spent_micro_usd = total * 3000`);
  await database.close();
  const { code, peakMb } = await producer.ended;
  const manifestS = (performance.now() - doneMs) / 1_000;
  if (code !== 0) throw new Error(`The command ended with ${code}`);
  const { size } = await stat(join(out, 'manifest.json'));
  await rm(folder, { recursive: true });
  return {
    ...{ prompts, loadS, loadPeakMb, manifestS, peakMb },
    manifestMb: size / 1e6,
    databaseMb: Number(bytes) / 1e6,
  };
}

function* linesUpTo(count: number): Generator<string> {
  for (let n = 0; n < count; n += 1) {
    yield `A still life of ${n + 2} pears by a north window, oil on linen, muted colours\n`;
  }
}

const reportUsage = fileURLToPath(new URL('../reportUsage.mjs', import.meta.url));

function startProducer(args: readonly string[], env: NodeJS.ProcessEnv) {
  const startedMs = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', reportUsage, resolve('pipelines/generate.ts'), ...args],
    { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit', 'pipe'] },
  );
  const stdout = child.stdout as Readable;
  const report = child.stdio[3] as Readable;
  const usage = text(report);
  const loaded = new Promise<number>((found, reject) => {
    createInterface({ input: stdout }).on('line', (line) => {
      if (line.includes('"queue.progress"')) found((performance.now() - startedMs) / 1_000);
    });
    child.once('exit', (code) =>
      reject(new Error(`The command ended with ${code} before it had loaded all`)),
    );
  });
  const ended = once(child, 'close').then(async ([code]) => ({
    code: code as number | null,
    peakMb: Number(JSON.parse((await usage) || '{}').peakMb ?? 0),
  }));
  const peakMb = async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    return Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1_024;
  };
  return { loaded, ended, peakMb };
}

const PARTS_AT_ONCE = 200;

/** Ends all parts of the only run, in the format in which workers do. */
async function endAll(database: Database): Promise<void> {
  for (let first = 0; ; first += PARTS_AT_ONCE) {
    const rows = await database.query(
      'SELECT run, part, plans FROM rx.part WHERE part >= $1 AND part < $2 ORDER BY part',
      [first, first + PARTS_AT_ONCE],
    );
    if (rows.length === 0) break;
    const packed = await Promise.all(
      rows.map(async ({ plans }) => {
        const jobs = (await unpackPlans(plans as Buffer)).map((plan) => ({
          outcome: outcomeOf(plan),
          open: null,
        }));
        return { jobs: jobs.length, bytes: await packEnded(jobs) };
      }),
    );
    await database.query(
      `UPDATE rx.part p SET state = 'done', epoch = 1, outcomes = n.bytes,
          counts = jsonb_build_object('saved', n.jobs, 'failed', 0, 'skipped', 0)
        FROM unnest($1::integer[], $2::bytea[], $3::integer[]) AS n(part, bytes, jobs) WHERE p.part = n.part`,
      [rows.map(({ part }) => part), packed.map(({ bytes }) => bytes), packed.map(({ jobs }) => jobs)],
    );
  }
  await database.query('TRUNCATE pgboss.job CASCADE');
}

function outcomeOf({ index, key, prompt, model, version, input, tags, path }: Plan): Outcome {
  const hash = key
    .replaceAll(/[^0-9a-f]/g, '')
    .padEnd(64, '0')
    .slice(0, 64);
  return {
    ...{ index, key, prompt, model, version, input, tags },
    status: 'saved',
    predictionId: `${((index * 2_654_435_761) % 2 ** 32).toString(36)}-${index.toString(36)}`.padStart(
      26,
      '0',
    ),
    attempts: 1,
    files: [
      {
        ...{ role: 'original', name: 'original', path: `${path}.webp`, format: 'webp' },
        ...{ width: 1024, height: 1024, bytes: 1_000_000, sha256: hash },
      },
    ],
    metrics: { predict_time: 1.5, total_time: 1.6 },
    costUsd: 0.003,
    cached: false,
    createdAt: '2026-11-23T04:00:00.123456Z',
    completedAt: '2026-11-23T04:00:01.723456Z',
  };
}
