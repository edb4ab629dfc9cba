import { join } from 'node:path';
import { expect, it } from 'vitest';
import { summaryLines } from '../../../src/cli/display/summaryLines.ts';
import { createPaint } from '../../../src/cli/display/terminal.ts';
import type { RunTotals } from '../../../src/events/totals.ts';
import { outcomeError } from '../../helpers/outcomes.ts';
import { progress } from '../../helpers/progress.ts';

const plain = createPaint(false);
const all: RunTotals = {
  total: 60,
  saved: 57,
  failed: 0,
  skipped: 0,
  alreadySaved: 3,
  costUsd: 0.171,
  costIncomplete: false,
};

function lines(totals: Partial<RunTotals>, at = progress({ predictions: 57 })): string[] {
  return summaryLines(
    { type: 'run.completed', totals: { ...all, ...totals }, elapsedMs: 112_000 },
    at,
    plain,
  );
}

it('sums up a run in which all went well', () => {
  expect(lines({})).toEqual([
    '60 of 60 jobs saved (3 by earlier runs) in 1m 52s, 31 a minute',
    '  cost     $0.171, on average $0.003 a job',
    '  service  57 predictions',
    '  files    /out/run',
  ]);
});

it('counts a single job, and shows no pace of a command that sends no request', () => {
  expect(lines({ total: 1, saved: 1, alreadySaved: 0 })[0]).toBe('1 of 1 job saved in 1m 52s');
  const [headline] = lines({}, progress({ sendsRequests: false }));
  expect(headline).toBe('60 of 60 jobs saved (3 by earlier runs) in 1m 52s');
});

it('marks a simulation, whose money was not paid', () => {
  const [headline, cost] = lines({}, progress({ service: 'simulator' }));
  expect(headline).toMatch(/^Simulated: 60 of 60 jobs saved/);
  expect(cost).toBe('  cost     $0.171, on average $0.003 a job, simulated: nothing was paid');
  expect(lines({}, progress({ service: 'replicate' })).join()).not.toMatch(/simulated/i);
});

it('gives the reasons of failed and skipped jobs, and the next step', () => {
  const first = { index: 4, prompt: 'a\nfox', error: outcomeError() };
  const causes = [
    { count: 1, first, indexes: [4] },
    { count: 2, first: { ...first, index: 7 }, indexes: [7, 8] },
  ];
  const skipReasons = new Map([['over budget', 4]]);
  const at = progress({
    predictions: 57,
    retries: 1,
    throttles: 2,
    causes,
    repeatingFailures: 3,
    skipReasons,
  });
  expect(lines({ saved: 50, failed: 3, skipped: 4, alreadySaved: 3 }, at)).toEqual([
    '53 of 60 jobs saved (3 by earlier runs) in 1m 52s, 27 a minute',
    '  failed   3',
    '  skipped  4 – over budget',
    '  cost     $0.171, on average $0.0034 a job',
    '  service  57 predictions, 1 retry, 2 requests to slow down',
    '  files    /out/run',
    'Failures:',
    '  2 jobs (#8, #9): The output was flagged – Change the prompt.',
    "  #5 'a fox': The output was flagged – Change the prompt.",
    '3 failures will happen again unless you change the prompt or the input.',
    '  next     the same command again; saved images are not made or paid for again',
  ]);
});

it('counts the jobs that ended without an event by the reason of the run', () => {
  const skippedLine = (at: Parameters<typeof progress>[0], left?: RunTotals['left']) =>
    lines({ saved: 45, skipped: 12, ...(left && { left }) }, progress(at)).find((line) =>
      line.startsWith('  skipped'),
    );
  const skipReasons = new Map([['over budget.', 6]]);
  const six = { jobs: 6, reservedUsd: 0.018 };
  expect(skippedLine({ skipReasons, leaves: 'detached' }, six)).toBe(
    '  skipped  12 – 6: over budget. 6: Left to the service ($0.018 reserved).',
  );
  expect(skippedLine({ leaves: 'detached' }, { jobs: 12, reservedUsd: 0 })).toBe(
    '  skipped  12 – Left to the service.',
  );
  expect(skippedLine({ leaves: 'detached' }, six)).toBe(
    '  skipped  12 – 6: Left to the service ($0.018 reserved). 6: The run was stopped before their turn.',
  );
  expect(skippedLine({}, six)).toBe(
    '  skipped  12 – 6: Begun at the service, and not yet saved ($0.018 reserved). 6: The run was stopped before their turn.',
  );
  expect(skippedLine({ leaves: 'not chosen' })).toBe('  skipped  12 – Left out by --only, or not begun.');
  expect(skippedLine({})).toBe('  skipped  12 – The run was stopped before their turn.');
  expect(
    skippedLine({
      skipReasons: new Map([
        ['over budget.', 5],
        ['', 7],
      ]),
    }),
  ).toBe('  skipped  12 – 5: over budget. 7: For other reasons.');
});

it('reports that there was nothing to make, instead of 0 of 0 jobs', () => {
  const [headline] = lines({ total: 0, saved: 0, alreadySaved: 0 }, progress({ nothing: 'No failed jobs' }));
  expect(headline).toBe('No failed jobs');
});

it('promises no retry of a failure caused by the request', () => {
  const text = lines({ saved: 56, failed: 1 }, progress({ repeatingFailures: 1 })).join('\n');
  expect(text).toContain('1 failure will happen again unless you change the prompt or the input.');
  expect(text).not.toContain('next');
});

it('reports only that a failure of another kind may happen again', () => {
  const text = lines({ saved: 55, failed: 2 }, progress()).join('\n');
  expect(text).toContain('2 failures may happen again: follow the advice above first.');
  expect(text).not.toContain('will happen again');
});

it('has a line for any number of failures of one cause', () => {
  const first = { index: 4, prompt: 'a fox', error: outcomeError() };
  const causes = [{ count: 10_000, first, indexes: [4, 5, 6] }];
  expect(lines({ total: 10_003, saved: 0, failed: 10_000 }, progress({ causes }))).toContain(
    '  10000 jobs (#5, #6, #7, …): The output was flagged – Change the prompt.',
  );
});

it('names the budget that would do, and the reasons to skip with their numbers', () => {
  const skipReasons = new Map([
    ['The budget is spent.', 3],
    ['Cancelled.', 1],
  ]);
  const text = lines({ saved: 53, skipped: 4, budgetNeededUsd: 0.2 }, progress({ skipReasons }));
  expect(text).toContain('  skipped  4 – 3: The budget is spent. 1: Cancelled.');
  expect(text.at(-1)).toBe(
    '  next     the same command again, with --budget 0.20; saved images are not made or paid for again',
  );
  const again = 'the same command again, without --queue';
  expect(lines({ saved: 53, skipped: 4, budgetNeededUsd: 0.2 }, progress({ again })).at(-1)).toBe(
    '  next     the same command again, without --queue, with --budget 0.20; saved images are not made or paid for again',
  );
});

it('omits --only in the command that makes the omitted jobs', () => {
  const [last] = lines({ saved: 45, skipped: 12 }, progress({ leaves: 'not chosen' })).slice(-1);
  expect(last).toBe(
    '  next     the same command again, without --only; saved images are not made or paid for again',
  );
});

it('leaves predictions at the service to the line with the command that collects them', () => {
  const at = progress({ leaves: 'detached', carried: ['--simulate'] });
  const left = { jobs: 12, reservedUsd: 0.036 };
  expect(lines({ saved: 45, skipped: 12, left }, at).join('\n')).not.toContain('next');
  expect(lines({ saved: 43, skipped: 14, left, budgetNeededUsd: 0.2 }, at).at(-1)).toBe(
    '  next     the same command again, with --budget 0.20; saved images are not made or paid for again',
  );
  // The same command gets the images of a run that was stopped.
  expect(lines({ saved: 45, skipped: 12, left }, progress()).at(-1)).toMatch(/the same command again/);
});

it('leads to the command of the run for renditions and deliveries that saved images lack', () => {
  const nextAfter = (stage: 'rendering' | 'delivery' | 'download') => {
    const failuresByStage = { ...progress().failuresByStage, [stage]: 1 };
    return lines({ saved: 56, failed: 1 }, progress({ failuresByStage })).at(-1);
  };
  const same = '  next     the same command again; saved images are not made or paid for again';
  expect(nextAfter('rendering')).toBe(same);
  expect(nextAfter('delivery')).toBe(same);
  expect(nextAfter('download')).toContain('retry-failed.ts');
});

it('has the use of the budget', () => {
  const budget = { limitUsd: 0.25, usedUsd: 0.171, remainingUsd: 0.079, usedPercent: 68.4 };
  expect(lines({ budget })).toContain('  budget   $0.171 of $0.25 (68.4 %) spent or reserved, $0.079 left');
});

it('mentions no lasting failure if there is none', () => {
  const text = lines({ saved: 56, failed: 1 }, progress({ recoverableFailures: 1 })).join('\n');
  expect(text).toContain('  next     npx tsx pipelines/retry-failed.ts /out/run makes the failed jobs again');
  expect(text).not.toContain('will happen again');
});

it('names one command: that of the folder, with the flags that it needs', () => {
  const next = (at: Parameters<typeof progress>[0], totals: Partial<RunTotals> = { saved: 56, failed: 1 }) =>
    lines(totals, progress(at)).filter((line) => line.startsWith('  next'));
  const inside = join(process.cwd(), 'out/a run');
  expect(next({ recoverableFailures: 1, folder: inside, carried: ['--simulate'] })).toEqual([
    "  next     npx tsx pipelines/retry-failed.ts 'out/a run' --simulate makes the failed jobs again; saved images are not made or paid for again",
  ]);
  expect(next({ recoverableFailures: 1 }, { saved: 55, failed: 1, skipped: 1 })).toEqual([
    '  next     the same command again; saved images are not made or paid for again',
  ]);
  expect(next({})).toHaveLength(1);
  expect(next({}, {})).toEqual([]);
});

it('offers another seed for prompts that the model refuses', () => {
  const error = outcomeError({ code: 'ERR_SAFETY', message: 'refused' });
  const causes = [{ count: 2, first: { index: 4, prompt: 'a fox', error }, indexes: [4, 7] }];
  const text = lines({ saved: 54, failed: 3 }, progress({ causes, repeatingFailures: 3 }));
  expect(text.slice(-3)).toEqual([
    '1 failure will happen again unless you change the prompt or the input.',
    '2 refusals may pass with another seed (--fallback new-seed) or another prompt.',
    '  next     the same command again, with --fallback new-seed; saved images are not made or paid for again',
  ]);
});

it.each([
  [{ costUsd: 0, costIncomplete: true }, '  cost     unknown: give --price USD to count it'],
  [
    { costIncomplete: true },
    '  cost     $0.171 at least, as some jobs have no known price, on average $0.003 a job',
  ],
  [
    { costIncomplete: true, estimatedUsd: 0.05 },
    '  cost     $0.171, $0.05 of it estimated, as the service reported no run times, on average $0.003 a job',
  ],
  [
    { costIncomplete: true, estimatedUsd: 0.05, unpricedJobs: 2 },
    '  cost     $0.171 at least, as some jobs have no known price, $0.05 of it estimated, as the service reported no run times, on average $0.003 a job',
  ],
])('is honest about the cost: %j', (totals, line) => {
  expect(lines(totals)).toContain(line);
});

it('counts jobs that cost nothing, as earlier runs had paid for them, apart', () => {
  const text = lines({ costUsd: 0.018, saved: 12 }, progress({ restored: 6 }));
  expect(text).toContain('  cost     $0.018, on average $0.003 a job');
  expect(text).toContain(
    '  restored 6 jobs paid for earlier got files that were missing or are new, at no cost',
  );
});

it('leaves out cost and service if nothing was made', () => {
  const nothing = { saved: 0, alreadySaved: 60, costUsd: 0 };
  expect(lines(nothing, progress())).toEqual([
    '60 of 60 jobs saved (60 by earlier runs) in 1m 52s',
    '  files    /out/run',
  ]);
});

it('has a line for each model if there are several', () => {
  const model = {
    outcomes: 1,
    saved: 1,
    images: 1,
    costUsd: 0.025,
    estimatedUsd: 0,
    meanUsdPerImage: 0.025,
    meanSecondsPerRun: 3.24,
  };
  const costByModel = {
    'owner/name': {
      ...model,
      outcomes: 50,
      saved: 48,
      images: 48,
      costUsd: 0.146,
      meanUsdPerImage: 0.003042,
    },
    'own/machine': { ...model, costUsd: 0, meanUsdPerImage: null, meanSecondsPerRun: null },
  };
  const of = (names: readonly (keyof typeof costByModel)[]) =>
    lines({}, progress({ costByModel: Object.fromEntries(names.map((name) => [name, costByModel[name]])) }));
  expect(of(['owner/name', 'own/machine']).slice(2, 4)).toEqual([
    '           owner/name: 48 images, $0.146, $0.003042 an image, 3.2s a run',
    '           own/machine: 1 image',
  ]);
  expect(of(['owner/name']).join()).not.toContain('owner/name');
});

it('counts failures by stage', () => {
  const failuresByStage = { creation: 3, polling: 0, download: 1, rendering: 1, delivery: 1 };
  expect(lines({ saved: 51, failed: 6 }, progress({ failuresByStage }))).toContain(
    '  failed   6 – 3 at creation, 1 while downloading, 1 while rendering, 1 at a further destination',
  );
  const alone = { creation: 0, polling: 2, download: 0, rendering: 0, delivery: 0 };
  expect(lines({ saved: 51, failed: 2 }, progress({ failuresByStage: alone }))).toContain(
    '  failed   2 while running',
  );
});
