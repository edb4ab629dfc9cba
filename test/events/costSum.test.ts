import { from, lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { createRunCounter, runProgress } from '../../src/events/progress.ts';
import type { RunEvent } from '../../src/events/runEvent.ts';
import { tally } from '../../src/operators/stages/tally.ts';
import { createReport } from '../../src/sinks/report/report.ts';
import { createCostTracker } from '../../src/sinks/report/tallies.ts';
import type { Outcome } from '../../src/types.ts';
import { outcome } from '../helpers/outcomes.ts';

const paid = outcome(0, { costUsd: 0.1 });

function eventOf(one: Outcome): RunEvent {
  if (one.status === 'saved') return { type: 'image.saved', outcome: one };
  return { type: one.status === 'failed' ? 'job.failed' : 'job.skipped', outcome: one };
}

/** Returns `costIncomplete` of totals, progress and report. */
async function verdicts(outcomes: readonly Outcome[]): Promise<boolean[]> {
  const totals = await lastValueFrom(from(outcomes).pipe(tally({ total: outcomes.length })));
  const counter = createRunCounter(() => 0);
  const report = createReport();
  for (const one of outcomes) {
    counter.onEvent(eventOf(one));
    report.add(one);
  }
  const progress = runProgress(counter.counts(), 0);
  return [totals, progress, report.toJSON({ elapsedMs: 1 })].map((one) => one.costIncomplete);
}

it.each<[string, boolean, Partial<Outcome>]>([
  ['a known cost', false, {}],
  ['a saved job without a known price', true, { costUsd: null }],
  // Its prediction was made and paid, then a destination or the download failed.
  ['a failed job without a known price', true, { status: 'failed', costUsd: null }],
  ['a failed job that cost nothing', false, { status: 'failed', costUsd: 0 }],
  ['a skipped job of an unknown cost', true, { status: 'skipped', costUsd: null }],
  ['an estimate', true, { estimatedUsd: 0.1 }],
  ['an estimate of a failed job', true, { status: 'failed', estimatedUsd: 0.1 }],
])(
  'is by one rule the last word or not, in totals, progress and report: %s',
  async (_case, isOpen, changes) => {
    const other = outcome(1, { costUsd: 0.1, ...changes });
    expect(await verdicts([paid, other])).toEqual([isOpen, isOpen, isOpen]);
  },
);

it('holds for results that the input no longer asks for too', () => {
  const report = createReport();
  report.addUnused(outcome(0, { status: 'failed', costUsd: null }));
  expect(report.toJSON({ elapsedMs: 1 })).toMatchObject({ costIncomplete: true });
});

it('leaves no mean for an image beside a job without a known price', () => {
  const costs = createCostTracker();
  const file = { role: 'original', name: 'original', path: 'a.png', width: 8, height: 8 } as const;
  costs.add({ ...paid, files: [{ ...file, format: 'png', bytes: 1, sha256: '00' }] });
  expect(costs.byModel()[paid.model]).toMatchObject({ meanUsdPerImage: 0.1 });
  costs.add(outcome(1, { status: 'failed', costUsd: null }));
  expect(costs.byModel()[paid.model]).toMatchObject({ meanUsdPerImage: null });
});
