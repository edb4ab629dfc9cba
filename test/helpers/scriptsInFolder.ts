import { copyFileSync, existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { map, NEVER, type Observable, takeUntil, tap } from 'rxjs';
import { expect, onTestFinished } from 'vitest';
import { type BatchScriptContext, withSpec } from '../../src/cli/batch/batchScript.ts';
import { chooseFolder } from '../../src/cli/batch/chooseFolder.ts';
import { jobContexts } from '../../src/cli/batch/models.ts';
import { startBatch } from '../../src/cli/batch/startBatch.ts';
import { gridCommand } from '../../src/cli/commands/grid.ts';
import { retryFailedCommand } from '../../src/cli/commands/retry.ts';
import { createCommand } from '../../src/cli/flags/command.ts';
import { flagValues } from '../../src/cli/flags/flagValues.ts';
import { campaignCommand } from '../../src/cli/making/campaign.ts';
import { generate } from '../../src/cli/making/generate.ts';
import { createWarn } from '../../src/cli/script/environment.ts';
import type { FinishedRun } from '../../src/pipelines/run/closing/results.ts';
import type { RunSettings } from '../../src/pipelines/run/settings.ts';
import {
  expectedParents,
  refinementFingerprint,
  refinementJobs,
} from '../../src/pipelines/workflows/refinement/jobs.ts';
import { runRefinement } from '../../src/pipelines/workflows/refinement/refinement.ts';
import { readRefinementSpec, refinementTotal } from '../../src/pipelines/workflows/refinement/spec.ts';
import { createReplicateProvider } from '../../src/providers/replicate/replicateProvider.ts';
import type { Simulator, SimulatorConfig } from '../../src/simulator/index.ts';
import { loadSqlite } from '../../src/store/journal/database.ts';
import type { Outcome } from '../../src/types.ts';
import { aService } from './aService.ts';
import { FakeStream } from './fakeStream.ts';
import { leftFolder } from './runUntil.ts';
import { SCHNELL, simulated } from './simulated.ts';

/** The result of one run of a script. */
export interface ScriptRun {
  /** The exit code; null if the script ended with `error`. */
  readonly code: number | null;
  readonly error: unknown;
  /** Null if the run did not come to its end. */
  readonly totals: FinishedRun['totals'] | null;
  /** Predictions made in this run. */
  readonly made: number;
  readonly warnings: readonly string[];
  /** The whole manifest after the run. */
  readonly outcomes: readonly Outcome[];
  readonly unused: readonly Outcome[];
}

interface ScriptSettings extends Partial<Omit<RunSettings, 'folder'>> {
  /** Leaves the run at once, as a second Ctrl-C does. */
  leave?: Observable<unknown>;
  /** Emits when the reader of the output has gone. Default: never. */
  outputClosed?: Observable<unknown>;
  /** Expect the money booked in the folder to equal the bill of the service. Default true. */
  isBooked?: boolean;
  /** Expect all files on disk that the manifest names. Default true. */
  isWhole?: boolean;
}

type Run = (settings: RunSettings) => Observable<FinishedRun>;

const command = createCommand({
  ...{ name: 'script', summary: '', version: '0.0.0' },
  inputs: [{ name: 'INPUT', help: '', isRequired: false }],
});

/**
 * One run folder, `out`, and the scripts that work in it, run in this process over a simulator as
 * the command line runs them: flags as they are typed, and settings in place of long waits. After
 * each run, every file that the manifest names is on disk, and the money in the journal equals the
 * bill of the service.
 */
export async function scriptsInFolder(config: SimulatorConfig = {}) {
  const root = await mkdtemp(join(tmpdir(), 'rxposure-scripts-'));
  onTestFinished(() => rm(root, { recursive: true, force: true, maxRetries: 10 }));
  let folder = join(root, 'out');
  let simulator: Simulator = await simulated({ speed: 500, ...config });

  const run = async (
    args: readonly string[],
    settings: ScriptSettings,
    script: Script,
  ): Promise<ScriptRun> => {
    const { isBooked = true, isWhole = true, leave = NEVER, outputClosed = NEVER, ...others } = settings;
    const { provider = createReplicateProvider(simulator), ...rest } = others;
    const stdout = new FakeStream();
    const io = {
      ...{ stdin: Readable.from([]), stdout, stderr: new FakeStream() },
      ...{ env: { NO_COLOR: '1', XDG_CACHE_HOME: join(root, 'cache') } },
      outputClosed: outputClosed.pipe(map(() => undefined)),
    };
    const parsed = command.parse([...args, '--out', folder, '--json']);
    if (parsed.kind !== 'run') throw new Error(parsed.text);
    const service = aService({ provider, speed: 1_000 });
    let end: FinishedRun | null = null;
    const around = (work: Run): Run => {
      return (given) => {
        const finished = work({ ...given, ...rest }).pipe(tap((one) => (end = one)));
        return finished.pipe(takeUntil(leave));
      };
    };
    const frame = { ...parsed, service, io, warn: createWarn(parsed.flags, io), around };
    const before = simulator.stats().created;
    const [code, error] = await script(frame).then(
      (exitCode): [number | null, unknown] => [exitCode, null],
      (thrown: unknown): [number | null, unknown] => [null, thrown],
    );
    // A run that was left closes its folder in the background.
    await leftFolder(folder);
    const events = stdout.lines.map((line) => JSON.parse(line));
    const made = simulator.stats().created - before;
    const manifest = await readManifest(folder);
    if (error === null) {
      if (isWhole) expectFiles(folder, manifest);
      if (isBooked) await expectBooked(folder, simulator.stats().billedMicroUsd);
    }
    return {
      ...{ code, error, made, ...manifest },
      totals: (end as FinishedRun | null)?.totals ?? null,
      warnings: events.flatMap(({ type, message }) => (type === 'warning' ? [message] : [])),
    };
  };
  const spec = async (content: string) => {
    await writeFile(join(root, 'spec.yaml'), content);
    return join(root, 'spec.yaml');
  };
  return {
    root,
    get folder() {
      return folder;
    },
    get simulator() {
      return simulator;
    },
    /** Continues in another folder, or with another service. */
    move(to: { folder?: string; simulator?: Simulator }): void {
      folder = to.folder ?? folder;
      simulator = to.simulator ?? simulator;
    },
    /** Path of a file in the run folder. */
    at: (name: string) => join(folder, name),
    /** `generate.ts`, over prompts a line, or a file of another format. */
    async generate(prompts: readonly string[] | string, flags = '', settings: ScriptSettings = {}) {
      const path = join(root, typeof prompts === 'string' ? 'prompts.csv' : 'prompts.txt');
      await writeFile(path, typeof prompts === 'string' ? prompts : prompts.join('\n'));
      return run([path, ...words(flags)], settings, generate);
    },
    async campaign(content: string, flags = '', settings: ScriptSettings = {}) {
      return run([await spec(content), ...words(flags)], settings, campaignCommand);
    },
    async grid(content: string, flags = '', settings: ScriptSettings = {}) {
      return run([await spec(content), ...words(flags)], settings, gridCommand);
    },
    async refine(content: string, flags = '', settings: ScriptSettings = {}) {
      return run([await spec(content), ...words(flags)], settings, refineScript);
    },
    retryFailed: (flags = '', settings: ScriptSettings = {}) =>
      run([folder, ...words(flags)], settings, retryFailedCommand),
  };
}

/** The scripts of a folder. */
export type Scripts = Awaited<ReturnType<typeof scriptsInFolder>>;

/** The gallery is slow: it is made only if flags ask for it by `--gallery`. */
function words(flags: string): string[] {
  const given = flags.split(' ').filter((word) => word !== '');
  const isShown = given.includes('--gallery');
  return isShown ? given.filter((word) => word !== '--gallery') : ['--no-gallery', ...given];
}

/** A command: takes its command line; resolves with the exit code. */
type Script = (frame: BatchScriptContext) => Promise<number>;

/** `refine.ts` with a judge that needs no pixels. */
const refineScript: Script = async (frame) => {
  const { inputs, service } = frame;
  const [path = ''] = inputs;
  const spec = await readRefinementSpec(path, frame.flags);
  const flags = withSpec(frame.flags, spec, service);
  const references = [SCHNELL, 'black-forest-labs/flux-dev'].map((name) =>
    flagValues.modelReference.schema.parse(name),
  );
  const [first, second] = await jobContexts(flags, references, service.provider);
  if (first === undefined || second === undefined) throw new Error('Expected a context for each model');
  const contexts = [first, second] as const;
  return startBatch({
    ...frame,
    ...(await chooseFolder(frame, path)),
    jobs: () => refinementJobs(spec, contexts, expectedParents(spec)),
    ...{ total: refinementTotal(spec), context: contexts, tagNames: ['round', 'parent'] },
    ...{ fingerprint: null, flags },
    run: (settings) =>
      runRefinement(spec, contexts, {
        ...settings,
        scorer: ({ index }) => index,
        fixedInput: refinementFingerprint(spec, contexts),
        resumeAnyway: flags.resumeAnyway,
      }),
  });
};

async function readManifest(folder: string): Promise<Pick<ScriptRun, 'outcomes' | 'unused'>> {
  const path = join(folder, 'manifest.json');
  if (!existsSync(path)) return { outcomes: [], unused: [] };
  const { outcomes, unused = [] } = JSON.parse(await readFile(path, 'utf8'));
  return { outcomes, unused };
}

/** Expects each file that a manifest names on disk, and to be of one job. */
function expectFiles(folder: string, { outcomes, unused }: Pick<ScriptRun, 'outcomes' | 'unused'>): void {
  const saved = [...outcomes, ...unused].filter(({ status }) => status === 'saved');
  const paths = saved.flatMap(({ files }) => files.map(({ path }) => path));
  expect(paths.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
  expect(new Set(paths).size).toBe(paths.length);
}

/** Expects the journal and the report of a folder to have the sum that the service has billed. */
async function expectBooked(folder: string, billedMicroUsd: number): Promise<void> {
  const { costUsd } = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  const billed = { booked: billedMicroUsd, reported: billedMicroUsd };
  expect({ booked: bookedMicroUsd(folder), reported: Math.round(costUsd * 1_000_000) }).toEqual(billed);
}

/**
 * Returns the payments in the journal of a folder; reads a copy, so that the journal stays as it
 * is.
 */
function bookedMicroUsd(folder: string): number {
  const copy = join(dirname(folder), 'journal-copy.sqlite');
  copyFileSync(join(folder, 'run.sqlite'), copy);
  const database = new (loadSqlite().DatabaseSync)(copy);
  const row = database.prepare('SELECT sum(paid_micro_usd) AS paid FROM job').get();
  database.close();
  return Number(row?.paid ?? 0);
}
