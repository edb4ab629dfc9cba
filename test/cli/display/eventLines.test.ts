import { expect, it } from 'vitest';
import { eventLines, startLine } from '../../../src/cli/display/eventLines.ts';
import { createPaint } from '../../../src/cli/display/terminal.ts';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import type { Outcome } from '../../../src/types.ts';
import { outcome, outcomeError } from '../../helpers/outcomes.ts';
import { progress } from '../../helpers/progress.ts';

const progressed = (status: Outcome['status'], predictionId: string | null): RunEvent => ({
  type: 'job.progress',
  current: 3,
  total: 12,
  percent: 25,
  prompt: 'a fox\nin the snow',
  status,
  predictionId,
  elapsedMs: 9_000,
});
const linesOf = (event: RunEvent) => eventLines(event, progress(), createPaint(false));

it('reports each step of a sequential run, failures in their own line only', () => {
  expect(linesOf(progressed('saved', 'p7'))).toEqual(["saved 3 of 12 (25 %) 'a fox in the snow' (p7), 9s"]);
  expect(linesOf(progressed('skipped', null))).toEqual(["skipped 3 of 12 (25 %) 'a fox in the snow', 9s"]);
  expect(linesOf(progressed('failed', 'p7'))).toEqual([]);
});

it('reports a paused model once, not for each of its jobs', () => {
  const error = outcomeError({ code: 'ERR_CIRCUIT_OPEN', recoverable: true });
  const failed = (fields: Partial<Outcome>): RunEvent => ({
    type: 'job.failed',
    outcome: outcome(3, { status: 'failed', ...fields }),
  });
  expect(linesOf({ type: 'model.paused', model: 'a/b', failures: 20, waitMs: 60_000, error })).toHaveLength(
    1,
  );
  expect(linesOf(failed({ error }))).toEqual([]);
  expect(linesOf(failed({ error: outcomeError() }))[0]).toContain("failed #4 'prompt 3'");
});

it('begins with the jobs and the folder, and marks a simulation', () => {
  expect(startLine(progress())).toBe('10 jobs, 10 at a time, into /out/run');
  expect(startLine(progress({ service: 'simulator', alreadySaved: 2 }))).toBe(
    '10 jobs, simulated, 2 already saved, 10 at a time, into /out/run',
  );
  expect(startLine(progress({ sendsRequests: false }))).toBe('10 jobs, into /out/run');
});

it('names the command that collects open predictions, and its deadline', () => {
  const untilMs = new Date(2026, 0, 1, 17, 5).getTime();
  expect(linesOf({ type: 'run.detached', jobs: 3, command: 'collect out/night', untilMs })).toEqual([
    'detached 3 predictions left to the service. Collect before 17:05, when the first outputs are deleted: collect out/night',
  ]);
});

it('says in the first line which files go up', () => {
  const uploads = (...folders: { folder: string; files: number }[]) =>
    startLine(progress({ uploads: { files: folders.reduce((sum, { files }) => sum + files, 0), folders } }));
  const here = process.cwd();
  expect(uploads({ folder: `${here}/photos`, files: 12 })).toBe(
    '10 jobs, 10 at a time, into /out/run; uploads 12 files of ./photos',
  );
  expect(uploads({ folder: here, files: 2 }, { folder: '/srv/masks', files: 1 })).toContain(
    '; uploads 2 files of ., 1 file of /srv/masks',
  );
  const many = [5, 4, 3, 2, 1].map((files) => ({ folder: `/p${files}`, files }));
  expect(uploads(...many)).toContain('3 files of /p3, 3 files of 2 more folders');
});

it('reports the target, the reason and the length of a wait', () => {
  const error = outcomeError({ message: 'POST failed with 502' });
  expect(linesOf({ type: 'outage.began', of: 'service', error, maxMs: 2_700_000 })).toEqual([
    'waiting The service does not respond: jobs wait for it, for 45m 00s at most (--max-wait). Last error: POST failed with 502',
  ]);
  expect(linesOf({ type: 'outage.ended', of: 'service', awayMs: 65_000 })).toEqual([
    'back The service responds again after 1m 05s',
  ]);
  expect(linesOf({ type: 'outage.began', of: 'files', error, maxMs: 90_000 })[0]).toContain(
    'waiting The host of the files does not respond',
  );
  expect(linesOf({ type: 'outage.ended', of: 'files', awayMs: 5_000 })).toEqual([
    'back The host of the files responds again after 5s',
  ]);
  expect(linesOf({ type: 'outage.ended', of: 'service', awayMs: 90_000, isTooLong: true })).toEqual([
    'warning The service does not respond after 1m 30s: jobs do not wait for it any longer',
  ]);
});

it('gives the reason of a pause once', () => {
  const pauseReason = 'Your spend limit is reached.';
  const linesAt = (samePause: number, message?: string) =>
    eventLines(
      {
        type: 'rate.paused',
        waitMs: 60_000,
        reason: 'refused',
        ...(message === undefined ? {} : { message }),
      },
      progress({ pauseReason, samePause }),
      createPaint(false),
    );
  expect(linesAt(1, pauseReason)).toEqual([
    'waiting The service accepts no create requests for 1m 00s: Your spend limit is reached.',
  ]);
  expect(linesAt(2, pauseReason)).toEqual([]);
  expect(linesAt(1)).toEqual([]);
  expect(linesAt(1, 'Throttled for a second.')).toEqual([]);
});

it('warns of a budget that is too small, with the one that would do', () => {
  const short = {
    type: 'budget.short',
    requested: 100,
    allowed: 33,
    limitMicroUsd: 100_000,
    neededUsd: 0.3,
  } as const;
  expect(eventLines(short, progress(), createPaint(false))).toEqual([
    'warning The budget of $0.10 is enough for 33 of 100 jobs, the rest will be skipped; all of them need --budget 0.30',
  ]);
});
