import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCostTracker } from '../../../src/sinks/report/tallies.ts';
import type { Outcome, OutcomeFile } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';

const aFile = (role: OutcomeFile['role']): OutcomeFile => ({
  role,
  name: role,
  path: 'a.png',
  width: 8,
  height: 8,
  format: 'png',
  bytes: 1,
  sha256: '00',
});
const original = aFile('original');

function totalsOf(...outcomes: Outcome[]) {
  const costs = createCostTracker();
  for (const outcome of outcomes) costs.add(outcome);
  return costs.byModel();
}

describe('createCostTracker', () => {
  it('adds up by model: images, money, run time', () => {
    const totals = totalsOf(
      anOutcome({
        files: [original, original, aFile('rendition')],
        costUsd: 0.1,
        metrics: { predict_time: 2 },
      }),
      anOutcome({ files: [original], costUsd: 0.2, metrics: { predict_time: 5 } }),
      anOutcome({ model: 'other/one', files: [original], costUsd: 0.03, metrics: {} }),
      anOutcome({ status: 'failed', costUsd: 0.003, metrics: { predict_time: 2 } }),
      anOutcome({ status: 'skipped', costUsd: 0, metrics: {} }),
    );
    expect(totals).toEqual({
      'owner/name': {
        outcomes: 4,
        saved: 2,
        images: 2 + 1,
        costUsd: 0.303, // the failed one was paid too
        estimatedUsd: 0,
        meanUsdPerImage: 0.101,
        meanSecondsPerRun: (2 + 5 + 2) / 3,
      },
      'other/one': {
        outcomes: 1,
        saved: 1,
        images: 1,
        costUsd: 0.03,
        estimatedUsd: 0,
        meanUsdPerImage: 0.03,
        meanSecondsPerRun: null,
      },
    });
  });

  it('counts the result of an identical request as saved, not as made', () => {
    const made = anOutcome({ files: [original], costUsd: 0.04 });
    const cached = anOutcome({ files: [original], costUsd: 0, cached: true, metrics: { predict_time: 99 } });
    expect(totalsOf(made, cached)['owner/name']).toMatchObject({
      saved: 2,
      images: 1,
      meanUsdPerImage: 0.04,
      meanSecondsPerRun: 3.2,
    });
  });

  it('gives no mean if there is nothing to divide by, or a price is missing', () => {
    const failed = anOutcome({ status: 'failed', costUsd: 0.01, metrics: {} });
    expect(totalsOf(failed)['owner/name']).toMatchObject({ meanUsdPerImage: null, meanSecondsPerRun: null });
    const free = anOutcome({ files: [original], costUsd: null });
    expect(totalsOf(free, anOutcome({ files: [original] }))['owner/name']).toMatchObject({
      images: 2,
      costUsd: 0.003,
      meanUsdPerImage: null,
    });
    expect(totalsOf()).toEqual({});
  });

  it('adds money up to the millionth, in any order and any number', () => {
    const jobs = fc.array(
      fc.record({
        model: fc.constantFrom('a/a', 'b/b', 'c/c'),
        microUsd: fc.nat(90_000_000),
        images: fc.nat(4),
        status: fc.constantFrom('saved' as const, 'failed' as const),
      }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(jobs, fc.boolean(), (list, isReversed) => {
        const order = isReversed ? list.toReversed() : list;
        const totals = totalsOf(
          ...order.map(({ model, microUsd, images, status }) =>
            anOutcome({
              model,
              status,
              costUsd: microUsd / 1_000_000,
              files: Array.from({ length: images }, () => original),
            }),
          ),
        );
        expect(Object.keys(totals).sort()).toEqual([...new Set(list.map(({ model }) => model))].sort());
        for (const [model, { costUsd, images, outcomes, meanUsdPerImage }] of Object.entries(totals)) {
          const mine = list.filter((job) => job.model === model);
          const microUsd = mine.reduce((sum, job) => sum + BigInt(job.microUsd), 0n);
          expect(BigInt(Math.round(costUsd * 1_000_000))).toBe(microUsd);
          expect(costUsd).toBe(Number(microUsd) / 1_000_000);
          expect(outcomes).toBe(mine.length);
          // A failed job has the images of an output of which the rest is missing.
          expect(images).toBe(mine.reduce((sum, job) => sum + job.images, 0));
          if (images === 0) expect(meanUsdPerImage).toBeNull();
          else
            expect(Math.abs((meanUsdPerImage ?? 0) * images - costUsd)).toBeLessThanOrEqual(
              images * 0.000_001,
            );
        }
      }),
    );
  });

  it('counts at most 1,000 models by name', () => {
    const totals = totalsOf(...Array.from({ length: 1_500 }, (_, n) => anOutcome({ model: `m/${n}` })));
    expect(Object.keys(totals)).toHaveLength(1_001);
    expect(totals['(others)']?.outcomes).toBe(500);
  });

  it('corrects costs that the service reports late', () => {
    const costs = createCostTracker();
    costs.add(anOutcome({ files: [original], costUsd: 0.005, estimatedUsd: 0.005, metrics: {} }));
    costs.correct({
      ...{ type: 'job.measured', index: 0, model: 'owner/name', cached: false, completedAt: null },
      ...{ metrics: { predict_time: 4 }, costUsd: 0.004, costChangeUsd: -0.001, estimateUsd: 0.005 },
    });
    expect(costs.byModel()['owner/name']).toMatchObject({
      ...{ costUsd: 0.004, estimatedUsd: 0, meanUsdPerImage: 0.004, meanSecondsPerRun: 4 },
    });
  });
});
