import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, type Observable, of } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { RunSettings } from '../../../../src/pipelines/run/settings.ts';
import { runToFolder } from '../../../../src/pipelines/runToFolder.ts';
import { runCollect } from '../../../../src/pipelines/workflows/collect.ts';
import { runRetry } from '../../../../src/pipelines/workflows/retryFailed.ts';
import { createReplicateProvider } from '../../../../src/providers/replicate/replicateProvider.ts';
import { parseRendition } from '../../../../src/renditions/notation.ts';
import { type Simulator, startSimulator } from '../../../../src/simulator/index.ts';
import { planLine } from '../../../../src/sinks/manifest/storedPlans.ts';
import { readRefinementHistory } from '../../../../src/sinks/refinement/history.ts';
import { inputFile } from '../../../../src/sources/modelInputs/inputFile.ts';
import { planJobs } from '../../../../src/sources/planning/planJobs.ts';
import { loadSqlite } from '../../../../src/store/journal/database.ts';
import { createJobTable } from '../../../../src/store/journal/jobTable.ts';
import type { Outcome, Plan } from '../../../../src/types.ts';

const SECRET = 'nobody else may have this';
const model = 'black-forest-labs/flux-schnell';
const jobs = ['a cat', 'a dog'].map((prompt, index) => ({
  ...{ index, prompt, model, version: null, tags: {} },
  input: { prompt, seed: 7 },
  renditions: [parseRendition('thumb=16x16,jpeg')],
}));
const plans = () => planJobs(jobs, { organize: 'flat', date: '2026-11-23', priceOf: () => 3_000 });

let simulator: Simulator;
let template = '';
beforeAll(async () => {
  simulator = await startSimulator({ render: 'fast', speed: 100, coldStarts: false });
  template = await mkdtemp(join(tmpdir(), 'rxposure-template-'));
  const settings = { folder: template, provider: createReplicateProvider(simulator), gallery: false };
  await lastValueFrom(runToFolder(plans, settings));
});
afterAll(async () => {
  await simulator.close();
  await rm(template, { recursive: true });
});

/** The folder of a run, from someone else, beside files that it must not touch. */
let root = '';
const at = (name: string) => join(root, 'run', name);
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'rxposure-hostile-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await cp(template, join(root, 'run'), { recursive: true });
  await mkdir(join(root, 'outside'));
  for (const name of ['victim.png', 'victim.json']) await writeFile(join(root, 'outside', name), SECRET);
});

/** Runs in the folder, with a destination that trusts every path, and deletes delivered files. */
function run(work: (settings: RunSettings) => Observable<unknown>) {
  const delivered: string[] = [];
  const settings: RunSettings = {
    folder: join(root, 'run'),
    provider: createReplicateProvider(simulator),
    gallery: false,
    deleteLocal: true,
    destinations: [
      async () => ({
        ...{ name: 'elsewhere', concurrency: 1, close: async () => {} },
        deliver: ({ files }) => {
          const paths = files.map(({ path }) => path);
          delivered.push(...paths);
          return of(paths);
        },
      }),
    ],
  };
  return { delivered, end: lastValueFrom(work(settings)) };
}
const again = (settings: RunSettings) => runToFolder(plans, settings);

async function outcomes(): Promise<Outcome[]> {
  const lines = (await readFile(at('manifest.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** Returns an outcome whose file of this number has another path. */
function withPath(outcome: Outcome, number: number, path: string): Outcome {
  return { ...outcome, files: outcome.files.map((file, nth) => (nth === number ? { ...file, path } : file)) };
}

const lineOf = (value: unknown) => `${JSON.stringify(value)}\n`;

/** Gives a file of the first job another path, in all of its lines. */
async function editManifest(number: number, path: string): Promise<void> {
  const changed = (await outcomes()).map((one) => (one.index === 0 ? withPath(one, number, path) : one));
  await writeFile(at('manifest.jsonl'), changed.map(lineOf).join(''));
}

/** Removes the second job from the manifest: a job that is saved there is saved. */
async function unlist(): Promise<void> {
  const others = (await outcomes()).filter(({ index }) => index !== 1);
  await writeFile(at('manifest.jsonl'), others.map(lineOf).join(''));
}

/** Changes the journal's database, so that its checksums agree. */
function editJournal(statement: string, ...values: readonly string[]): void {
  const database = new (loadSqlite().DatabaseSync)(at('run.sqlite'));
  database.prepare(statement).run(...values);
  createJobTable(database, join(root, 'run')).writeChecksums();
  database.close();
}

async function storePlan(which: 'failed' | 'detached', fields: Partial<Plan>): Promise<void> {
  for await (const plan of plans()) {
    if (plan.index !== 1) continue;
    // As if its image had failed.
    await unlist();
    editJournal(
      `UPDATE job SET state = 'failed', files = '[]', intended_at_ms = NULL, prediction_id = NULL, request = NULL
        WHERE job_index = 1`,
    );
    await writeFile(at(`${which}.jsonl`), planLine({ ...plan, ...fields }));
  }
}

const fileJson = (path: string) =>
  JSON.stringify([{ path, bytes: 1, sha256: 'aa', format: 'png', widthPx: 1, heightPx: 1 }]);

/** Each kind of record that names a file: writes a path there, and returns its reader. */
const kinds: Readonly<Record<string, (path: string) => Promise<() => Promise<unknown>>>> = {
  'an original in manifest.jsonl': async (path) => {
    await editManifest(0, path);
    return () => run(again).end;
  },
  'a rendition in manifest.jsonl': async (path) => {
    await editManifest(1, path);
    return () => run(again).end;
  },
  'the last line of manifest.jsonl': async (path) => {
    const [first] = await outcomes();
    await writeFile(at('manifest.jsonl'), lineOf(withPath(first!, 0, path)));
    return () => run(again).end;
  },
  'an unused result': async (path) => {
    const [first] = await outcomes();
    await writeFile(at('unused.jsonl'), lineOf({ id: 9, outcome: withPath(first!, 0, path) }));
    return () => run(again).end;
  },
  'a file of an unfinished job in run.sqlite': async (path) => {
    await unlist();
    editJournal(
      "UPDATE job SET state = 'downloaded', open_micro_usd = 0, files = ? WHERE job_index = 1",
      fileJson(path),
    );
    return () => run(again).end;
  },
  'the source of a move in run.sqlite': async (path) => {
    editJournal("INSERT INTO file_move VALUES (1, ?, 'caught.png', NULL)", path);
    editJournal("UPDATE run SET move_phase = 'gather'");
    return () => run(again).end;
  },
  'the target of a move in run.sqlite': async (path) => {
    editJournal("INSERT INTO file_move VALUES (1, '0001-a-cat.webp', ?, NULL)", path);
    editJournal("UPDATE run SET move_phase = 'gather'");
    return () => run(again).end;
  },
  'a candidate in refinement.json': async (path) => {
    const candidate = { index: 0, key: '', round: 0, parent: null, status: 'saved', score: 1, rank: 1 };
    const round = { round: 0, decided: true, bestScore: 1, candidates: [{ ...candidate, kept: true, path }] };
    await writeFile(at('refinement.json'), JSON.stringify({ end: null, rounds: [round] }));
    return () => readRefinementHistory(join(root, 'run'));
  },
  'a plan in failed.jsonl': async (path) => {
    await storePlan('failed', { path });
    return () => run(runRetry).end;
  },
  'a plan in detached.jsonl': async (path) => {
    await storePlan('detached', { path });
    return () => run(runCollect).end;
  },
};

const leaving = [
  '../outside/victim.png',
  'a/../../outside/victim.png',
  '/etc/hostname',
  'C:/Windows/win.ini',
  '..\\outside\\victim.png',
  'a\0.png',
];

async function expectUntouched(): Promise<void> {
  expect((await readdir(join(root, 'outside'))).sort()).toEqual(['victim.json', 'victim.png']);
  for (const name of ['victim.png', 'victim.json']) {
    expect(await readFile(join(root, 'outside', name), 'utf8')).toBe(SECRET);
  }
}

describe.each(Object.entries(kinds))('%s', (_name, plant) => {
  it.each(leaving)('may not be %j', async (path) => {
    const before = simulator.stats().created;
    const act = await plant(path);
    await expect(act()).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(`Expected a path below the run folder, got ${JSON.stringify(path)}`),
    });
    await expectUntouched();
    expect(simulator.stats().created).toBe(before);
  });
});

const throughLinks = Object.entries(kinds).filter(([name]) => /manifest|run\.sqlite/.test(name));
it.each(throughLinks)('%s may not be a link that leads out of the folder', async (_name, plant) => {
  await symlink(join(root, 'outside/victim.png'), at('window.png'));
  const act = await plant('window.png');
  await expect(act()).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringContaining(`a symbolic link that leads to ${join(root, 'outside/victim.png')}`),
  });
  await expectUntouched();
});

it.each(Object.entries(kinds).filter(([name]) => !name.includes('refinement')))(
  '%s may not lie behind a link to another folder',
  async (_name, plant) => {
    await symlink(join(root, 'outside'), at('gate'));
    const act = await plant('gate/victim.png');
    await expect(act()).rejects.toMatchObject({ name: 'UsageError' });
    await expectUntouched();
  },
);

it('names file and line of a path that leaves the folder', async () => {
  const first = (await outcomes()).find(({ index }) => index === 0);
  const other = withPath({ ...first!, index: 1 }, 0, '../outside/victim.png');
  await writeFile(at('manifest.jsonl'), [first, other, first].map(lineOf).join(''));
  await expect(run(again).end).rejects.toThrow(
    `${at('manifest.jsonl')}:2: Expected a path below the run folder, got "../outside/victim.png", which leaves it`,
  );
});

it.each(['run.json', 'run.sqlite', 'journal.jsonl', 'manifest.jsonl', 'failed.jsonl', 'run.lock'])(
  'is refused if its %s is a link',
  async (name) => {
    await rm(at(name), { force: true });
    await symlink(join(root, 'outside/victim.json'), at(name));
    await expect(run(again).end).rejects.toThrow(
      `Expected ${at(name)} to be a file of the run, got a symbolic link`,
    );
    await expectUntouched();
  },
);

it.each(['.decoding', '.thumbs', '.moving', '.ratings', 'best', 'originals', 'unused', 'webdataset'])(
  'is refused if its %s is a link to another folder',
  async (name) => {
    await symlink(join(root, 'outside'), at(name));
    await expect(run(again).end).rejects.toMatchObject({ name: 'UsageError' });
    await expectUntouched();
  },
);

it('may be a link itself, and have links that stay in it', async () => {
  await symlink(join(root, 'run'), join(root, 'link'));
  await symlink('0001-a-cat.webp', at('favourite.webp'));
  const settings = { provider: createReplicateProvider(simulator), gallery: false };
  const { totals } = await lastValueFrom(runToFolder(plans, { ...settings, folder: join(root, 'link') }));
  expect(totals).toMatchObject({ alreadySaved: 2, failed: 0 });
});

describe('a stored plan', () => {
  it('is not made with a model that the journal does not know', async () => {
    await storePlan('failed', { model: 'attacker/collector' });
    const before = simulator.stats().created;
    await expect(run(runRetry).end).rejects.toThrow(
      'job #2: Expected a model that the journal of this folder knows, got attacker/collector',
    );
    expect(simulator.stats().created).toBe(before);
  });

  it('sends no local file but those of its folder, and those that are allowed', async () => {
    const secret = join(root, 'outside/victim.png');
    const files = { image: await inputFile(secret) };
    await storePlan('failed', { input: { prompt: 'x', image: 'cat.png' }, files });
    const before = simulator.stats().requests.file;
    await expect(run(runRetry).end).rejects.toThrow(
      `job #2: Expected a file in ${join(root, 'run')} or below, got ${secret}; --allow-files ${join(root, 'outside')} (\`allowFiles\` in code) allows it`,
    );
    expect(simulator.stats().requests.file).toBe(before);
    const allowed = run((settings) => runRetry({ ...settings, allowFiles: [join(root, 'outside')] }));
    await allowed.end;
    expect(simulator.stats().requests.file).toBe(before + 1);
  });

  it('draws no local file on its renditions', async () => {
    const overlay = { file: join(root, 'outside/victim.png'), scale: 1, opacity: 1, margin: 0 };
    const spec = { ...parseRendition('thumb=16x16'), overlay: { ...overlay, place: 'centre' as const } };
    await storePlan('failed', { renditions: [spec] });
    await expect(run(runRetry).end).rejects.toThrow('job #2: Expected a file in');
  });

  it('refuses a rendition whose name leads out of the folder', async () => {
    await storePlan('failed', {
      renditions: [{ ...parseRendition('thumb=16x16'), name: '/../../outside/x' }],
    });
    await expect(run(runRetry).end).rejects.toThrow(
      `${at('failed.jsonl')}:1: Expected a name without slashes, got "/../../outside/x"`,
    );
    await expectUntouched();
  });
});
