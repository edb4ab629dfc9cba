import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { dayOf } from '../../../src/base/text.ts';
import { openRun } from '../../../src/cli/commands/folders/open.ts';
import { listRuns } from '../../../src/cli/commands/folders/runs.ts';
import { type LeaseHolder, leaseText, thisProcess } from '../../../src/disk/lease/leaseHolder.ts';
import { outcomeLine } from '../../../src/sinks/manifest/manifest.ts';
import { openJournal } from '../../../src/store/journal/journal.ts';
import type { JournalEntry, Outcome } from '../../../src/types.ts';
import { aPlan, intended } from '../../helpers/aPlan.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';
import { FileTurns, useFileTurns } from '../../helpers/fileTurns.ts';
import { outcome, outcomeError } from '../../helpers/outcomes.ts';

useFileTurns();

async function outFolder(): Promise<string> {
  const out = await mkdtemp(join(tmpdir(), 'rxposure-runs-'));
  onTestFinished(() => rm(out, { recursive: true, force: true }));
  return out;
}

async function aRun(folder: string, service: string, outcomes: readonly Outcome[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'run.json'), JSON.stringify({ service, input: null }));
  await writeFile(join(folder, 'manifest.jsonl'), outcomes.map((one) => `${outcomeLine(one)}\n`).join(''));
}

// Noon, so that the day is the same by the clock of any machine within half a day of it.
const first = '2026-11-27T12:00:00Z';
const second = '2026-11-28T12:00:00Z';
const file = {
  ...({ role: 'original', name: 'original', path: 'a.png', width: 1, height: 1 } as const),
  ...{ format: 'png', bytes: 1, sha256: '' },
};
const made = (index: number, completedAt: string, changes: Partial<Outcome> = {}) =>
  outcome(index, { createdAt: completedAt, completedAt, costUsd: 0.003, files: [file], ...changes });

async function runsOf(out: string, json = false) {
  const [stdout, stderr] = [new FakeStream(), new FakeStream()];
  const code = await listRuns(out, { json }, { stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

it('lists runs with the cost of real ones by day and month', async () => {
  const out = await outFolder();
  await aRun(join(out, 'client/night'), 'replicate', [
    made(0, first),
    made(1, second),
    made(2, second, { costUsd: 0.025, model: 'other/one' }),
    made(3, second, { status: 'failed', costUsd: 0, files: [] }),
  ]);
  await aRun(join(out, 'play'), 'simulator', [made(0, first)]);
  const { code, stdout } = await runsOf(out);
  expect(code).toBe(0);
  const lines = stdout.split('\n').map((line) => line.trimEnd().replaceAll(/ {2,}/g, '  '));
  const [, night = '', play = ''] = lines[0]?.startsWith('when') ? [lines[0], lines[2], lines[1]] : [];
  expect(play).toContain(`${join(out, 'play')}  owner/name  1/1  0  $0.003 simulated`);
  expect(night).toContain(`${join(out, 'client/night')}  owner/name and 1 other  3/4  1  $0.031`);
  expect(lines.slice(4)).toEqual([
    'real runs  images  cost',
    `${dayOf(Date.parse(first))}  1  $0.003`,
    `${dayOf(Date.parse(second))}  2  $0.028`,
    '2026-11  3  $0.031',
    '',
  ]);
});

it('lists a run that is deleted meanwhile as far as it was read', async () => {
  const out = await outFolder();
  await aRun(join(out, 'night'), 'replicate', []);
  const listed = new FileTurns(() => runsOf(out, true));
  await listed.goTo('stat');
  await rm(join(out, 'night'), { recursive: true });
  await listed.go();
  const { code, stdout } = await listed.end;
  expect(code).toBe(0);
  expect(JSON.parse(stdout).runs).toMatchObject([{ saved: 0, lastAt: null }]);
});

/** Gives a run a journal with 30 jobs, of which one is in flight, and a lease. */
async function unfinished(folder: string, holder: LeaseHolder, outcomes: readonly Outcome[] = []) {
  await aRun(folder, 'replicate', outcomes);
  const request = { model: 'owner/name', version: null, input: {} };
  const journal = openJournal(folder);
  journal.setInput({ fingerprint: null, total: 30, content: '' });
  await lastValueFrom(journal.record(aPlan({ index: 1 }), { ...intended(), request } as JournalEntry));
  journal.close();
  await writeFile(join(folder, 'run.lock'), leaseText(holder, 0));
}

const dead = { ...thisProcess('killed'), bootId: 'an earlier start' };

it('lists a killed run as not finished, with all of its jobs', async () => {
  const out = await outFolder();
  await aRun(join(out, 'a-day'), 'replicate', [made(0, first)]);
  await unfinished(join(out, 'b-killed'), dead, [made(0, first)]);
  await unfinished(join(out, 'c-early'), dead);
  await unfinished(join(out, 'd-going'), thisProcess('here'));
  await aRun(join(out, 'e-before'), 'replicate', []);
  await writeFile(join(out, 'e-before/run.lock'), leaseText(dead, 0));
  const { stdout } = await runsOf(out);
  const rows = stdout.split('\n').filter((line) => line.includes(out));
  const shown = rows.map((row) => row.slice(row.indexOf(out) + out.length + 1).replaceAll(/ {2,}/g, '  '));
  expect(shown.toSorted().map((row) => row.trimEnd())).toEqual([
    'a-day  owner/name  1/1  0  $0.003',
    'b-killed  owner/name  1/30  0  $0.003  not finished, 1 in flight',
    'c-early  owner/name  0/30  0  $0.00  not finished, 1 in flight',
    'd-going  owner/name  0/30  0  $0.00  in progress, 1 in flight',
    'e-before  –  0/?  0  $0.00  not finished',
  ]);
  expect(stdout).toContain('A run that is not finished was killed: run its command again');
  const { runs } = JSON.parse((await runsOf(out, true)).stdout);
  expect(runs).toContainEqual(
    expect.objectContaining({ saved: 1, total: 30, state: 'unfinished', inFlight: 1 }),
  );
});

it('shows the predictions that a run has left to the service, with their money', async () => {
  const out = await outFolder();
  const folder = join(out, 'night');
  const error = { ...outcomeError(), code: 'ERR_NOT_COLLECTED' };
  const left = [0, 1].map((index) => outcome(index, { status: 'skipped', files: [], costUsd: 0, error }));
  await aRun(folder, 'replicate', [...left, made(2, first)]);
  const journal = openJournal(folder);
  await Promise.all([0, 1].map((index) => lastValueFrom(journal.record(aPlan({ index }), intended()))));
  journal.close();
  expect((await runsOf(out)).stdout).toMatch(/1\/3 .* 2 left to the service, \$0\.006 reserved/);
  const { runs } = JSON.parse((await runsOf(out, true)).stdout);
  expect(runs).toMatchObject([{ state: 'finished', skipped: 2, left: 2, leftUsd: 0.006 }]);
  // Without its journal, the money is not known.
  await rm(join(folder, 'run.sqlite'));
  expect((await runsOf(out)).stdout).toMatch(/2 left to the service *\n/);
});

it('does not count an image as saved that was emptied, as the next run fetches it again', async () => {
  const out = await outFolder();
  await aRun(
    join(out, 'night'),
    'replicate',
    [made(0, first), made(1, first), made(2, first)].map((one, n) => ({
      ...one,
      files: [{ ...file, path: `${n}.png` }],
    })),
  );
  await writeFile(join(out, 'night/0.png'), '1');
  await writeFile(join(out, 'night/1.png'), '');
  expect((await runsOf(out)).stdout).toMatch(/2\/3 +0 +\$0\.009 +1 original emptied$/m);
  expect(JSON.parse((await runsOf(out, true)).stdout).runs).toMatchObject([
    { saved: 2, emptied: 1, total: 3 },
  ]);
});

it.each<[string, Partial<Outcome>, string]>([
  ['a failed job without a known price', { status: 'failed', costUsd: null }, '$0.003 at least'],
  ['an estimate', { costUsd: 0.004, estimatedUsd: 0.004 }, '~$0.007'],
  ['both', { costUsd: null, estimatedUsd: 0.004 }, '~$0.003 at least'],
])('marks a cost that is not the last word: %s', async (_case, changes, cost) => {
  const out = await outFolder();
  await aRun(join(out, 'night'), 'replicate', [made(0, first), made(1, second, changes)]);
  expect((await runsOf(out)).stdout).toContain(`  ${cost}\n`);
  expect(JSON.parse((await runsOf(out, true)).stdout).runs).toMatchObject([{ costIncomplete: true }]);
});

it('prints the same as JSON', async () => {
  const out = await outFolder();
  await aRun(join(out, 'night'), 'replicate', [made(0, first), made(1, second, { costUsd: null })]);
  const { stdout } = await runsOf(out, true);
  expect(JSON.parse(stdout)).toEqual({
    runs: [
      {
        folder: join(out, 'night'),
        service: 'replicate',
        simulated: false,
        startedAt: new Date(first).toISOString(),
        lastAt: new Date(second).toISOString(),
        models: ['owner/name'],
        saved: 2,
        failed: 0,
        skipped: 0,
        emptied: 0,
        total: 2,
        state: 'finished',
        inFlight: 0,
        left: 0,
        leftUsd: 0,
        costUsd: 0.003,
        costIncomplete: true,
      },
    ],
    days: [
      { period: dayOf(Date.parse(first)), images: 1, costUsd: 0.003 },
      { period: dayOf(Date.parse(second)), images: 1, costUsd: 0 },
    ],
    months: [{ period: '2026-11', images: 2, costUsd: 0.003 }],
  });
});

it('shows the spending that counts for the limits of this machine, and folders that hold money', async () => {
  const out = await outFolder();
  await aRun(out, 'replicate', []);
  const machine = {
    day: { period: '2026-11-28', spentMicroUsd: 3_000, heldMicroUsd: 0 },
    month: { period: '2026-11', spentMicroUsd: 1_203_000, heldMicroUsd: 25_000 },
    holders: [{ path: '/out/night', heldMicroUsd: 25_000 }],
  };
  const limits = { perDayMicroUsd: null, perMonthMicroUsd: 50_000_000 };
  const stdout = new FakeStream();
  await listRuns(out, { json: false, machine, limits }, { stdout, stderr: stdout });
  expect(stdout.text).toContain(
    [
      'all real runs of this machine   spent    held   limit',
      '2026-11-28                     $0.003   $0.00    none',
      '2026-11                        $1.203  $0.025  $50.00',
      '',
      'Held by runs in progress, and by killed ones until you run them again:',
      '  $0.025 /out/night',
    ].join('\n'),
  );
  const json = new FakeStream();
  await listRuns(out, { json: true, machine, limits }, { stdout: json, stderr: json });
  expect(JSON.parse(json.text).machine).toEqual({
    day: { period: '2026-11-28', spentUsd: 0.003, heldUsd: 0, limitUsd: null },
    month: { period: '2026-11', spentUsd: 1.203, heldUsd: 0.025, limitUsd: 50 },
    holders: [{ folder: '/out/night', heldUsd: 0.025 }],
  });
});

it('lists runs though the config or the account of this machine cannot be read, and warns of it', async () => {
  const home = await outFolder();
  await mkdir(join(home, 'rxposure'));
  await writeFile(join(home, 'rxposure', 'spending.sqlite'), 'damaged');
  await writeFile(join(home, 'rxposure.config.yaml'), 'budgetPerDya: 5\n');
  const list = (...argv: string[]) => {
    const args = [join(import.meta.dirname, '../../../pipelines/rxposure.ts'), 'runs', ...argv];
    const env = { ...process.env, XDG_CACHE_HOME: home };
    const tsx = import.meta.resolve('tsx');
    return spawnSync(process.execPath, ['--import', tsx, ...args], { cwd: home, env, encoding: 'utf8' });
  };
  const { status, stdout, stderr } = list();
  expect(stdout).toBe('There is no run in out or below.\n');
  expect(stderr).toMatch(/^warning .*spending\.sqlite.*\nwarning .*budgetPerDya.*\n$/s);
  expect(status).toBe(0);
  const { stderr: without } = list('--no-config');
  expect(without).not.toContain('budgetPerDya');
});

it('continues after a folder that cannot be read, and warns of it', async () => {
  const out = await outFolder();
  await aRun(join(out, 'a'), 'replicate', [made(0, first, { files: [{ ...file, path: '../x.png' }] })]);
  await aRun(join(out, 'b'), 'replicate', [made(0, first)]);
  const { code, stdout, stderr } = await runsOf(out);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^warning .*a is left out: .*\n$/);
  expect(stdout).toContain(join(out, 'b'));
  expect((await runsOf(join(out, 'none'))).stdout).toBe(
    `There is no run in ${join(out, 'none')} or below.\n`,
  );
});

it('opens the gallery of a run', async () => {
  const out = await outFolder();
  await aRun(out, 'replicate', []);
  const opened: string[] = [];
  const stdout = new FakeStream();
  const open = async (page: string) => opened.push(page) > 0;
  const io = { stdout, stderr: new FakeStream() };
  await expect(openRun(out, io, open)).rejects.toThrow(`${out} has no gallery.`);
  await writeFile(join(out, 'gallery.html'), '');
  expect(await openRun(out, io, open)).toBe(0);
  expect(opened).toEqual([join(out, 'gallery.html')]);
  expect(stdout.text).toBe(`  look     file://${out}/gallery.html\n`);
});
