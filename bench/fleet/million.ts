import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Database, openDatabase } from '../../src/fleet/database/connection.ts';
import { packEnded } from '../../src/fleet/packedOutcomes.ts';
import { PLANS_IN_PART, unpackPlans } from '../../src/fleet/packedPlans.ts';
import { outcomeLine } from '../../src/sinks/manifest/manifest.ts';
import { endedOutcome } from './endedOutcome.ts';
import type { Ground } from './ground.ts';

/** The cost of loading the prompts of a run, and of writing its manifest. */
export interface Loaded {
  readonly prompts: number;
  /** From the start of the process until workers can begin. */
  readonly loadS: number;
  readonly loadCpuS: number;
  readonly loadPeakMb: number;
  /** For entering the outcomes into the folder while workers make the rest, as fast as it goes. */
  readonly enterS: number;
  readonly enterCpuS: number;
  readonly enterPeakMb: number;
  /** From the end of the last image to that of the process, when the others are entered. */
  readonly manifestS: number;
  readonly manifestCpuS: number;
  readonly peakMb: number;
  readonly manifestMb: number;
  readonly databaseMb: number;
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
  const [loadPeakMb, loadCpuS] = [await producer.peakMb(), await producer.cpuS()];
  const database = await openDatabase({ url, connections: 4 });
  const [loadedMs, parts] = [performance.now(), Math.ceil(prompts / PLANS_IN_PART)];
  // Workers take days for a million images, and end the last of them together.
  const lastFrom = Math.max(0, parts - LAST_PARTS);
  const enteredBytes = await endParts(database, 0, lastFrom);
  await untilSize(join(out, 'manifest.jsonl'), enteredBytes);
  const [enterS, enterPeakMb] = [(performance.now() - loadedMs) / 1_000, await producer.peakMb()];
  await endParts(database, lastFrom, parts);
  const [{ bytes } = {}] = await database.query('SELECT pg_database_size(current_database()) AS bytes');
  const [doneMs, waitedCpuS] = [performance.now(), await producer.cpuS()];
  await database.query(
    `UPDATE rx.run SET state = 'done', saved = total, spent_micro_usd = total::bigint * 3000`,
  );
  await database.close();
  const { code, peakMb, cpuS } = await producer.ended;
  const manifestS = (performance.now() - doneMs) / 1_000;
  if (code !== 0) throw new Error(`The command ended with ${code}`);
  const { size } = await stat(join(out, 'manifest.json'));
  await rm(folder, { recursive: true });
  return {
    ...{ prompts, loadS, loadCpuS, loadPeakMb, enterS, enterPeakMb, manifestS, peakMb },
    enterCpuS: waitedCpuS - loadCpuS,
    manifestCpuS: cpuS - waitedCpuS,
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
    ...(JSON.parse((await usage) || '{"peakMb":0,"cpuS":0}') as { peakMb: number; cpuS: number }),
  }));
  const peakMb = async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    return Number(/^VmHWM:\s*(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1_024;
  };
  const cpuS = async () => {
    const times = await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => '');
    const [user, system] = times.split(') ').at(-1)?.split(' ').slice(11, 13).map(Number) ?? [];
    // In hundredths of a second.
    return ((user ?? Number.NaN) + (system ?? Number.NaN)) / 100;
  };
  return { loaded, ended, peakMb, cpuS };
}

const PARTS_AT_ONCE = 200;

/** Parts in the hands of workers when the last image is made. */
const LAST_PARTS = 40;

/**
 * Ends parts of the only run, in the format in which workers do. Resolves with the bytes that their
 * lines in the manifest take.
 */
async function endParts(database: Database, from: number, to: number): Promise<number> {
  let bytes = 0;
  for (let first = from; first < to; first += PARTS_AT_ONCE) {
    const rows = await database.query(
      'SELECT run, part, plans FROM rx.part WHERE part >= $1 AND part < $2 ORDER BY part',
      [first, Math.min(to, first + PARTS_AT_ONCE)],
    );
    const packed = rows.map(({ plans }) => {
      const jobs = unpackPlans(plans as Buffer).map((plan) => ({ outcome: endedOutcome(plan), open: null }));
      for (const { outcome } of jobs) bytes += Buffer.byteLength(outcomeLine(outcome)) + 1;
      return packEnded(jobs);
    });
    await database.query(
      `UPDATE rx.part p SET state = 'done', epoch = 1, outcomes = n.bytes
        FROM unnest($1::integer[], $2::bytea[]) AS n(part, bytes) WHERE p.part = n.part`,
      [rows.map(({ part }) => part), packed],
    );
  }
  await database.query('TRUNCATE pgboss.job CASCADE');
  return bytes;
}

async function untilSize(path: string, bytes: number): Promise<void> {
  while (((await stat(path).catch(() => null))?.size ?? 0) < bytes) await setTimeout(100);
}
