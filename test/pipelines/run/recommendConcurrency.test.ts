import { expect, it } from 'vitest';
import { calibrationTable } from '../../../src/cli/display/tables.ts';
import { recommendConcurrency } from '../../../src/pipelines/run/concurrency.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';

it.each([
  [0, 20],
  [4.99, 20],
  [5, 10],
  [14.99, 10],
  [15, 5],
  [120, 5],
])('recommends for %d s: %d', (seconds, concurrency) => {
  expect(recommendConcurrency(seconds)).toBe(concurrency);
});

it('reports the time of each run, and a recommendation', () => {
  const runs = [
    anOutcome({ index: 0, metrics: { predict_time: 3.21, total_time: 3.5 } }),
    anOutcome({ index: 1, costUsd: null, metrics: {} }),
    anOutcome({
      index: 2,
      status: 'failed',
      error: { name: 'E', code: 'E', message: 'out of memory', recoverable: false, suggestion: '' },
    }),
  ];
  const measured = {
    name: 'o/n',
    model: 'o/n',
    images: 2,
    failed: 1,
    totalSeconds: 3.5,
    ownWallSeconds: null,
    unmeasured: 1,
    costUsd: 0.003,
    estimatedUsd: 0,
    image: null,
  };
  expect(calibrationTable(runs, { ...measured, predictSeconds: 3.21, usdPerImage: 0.003 })).toBe(
    [
      '  run 1   3.2 s running, 3.5 s in all, $0.003',
      '  run 2   – running, – in all, –',
      '  run 3   failed: out of memory',
      '  median  3.2 s, $0.003 an image',
      '  use     --concurrency 20',
      '',
    ].join('\n'),
  );
  expect(calibrationTable([], { ...measured, predictSeconds: null, usdPerImage: null })).toContain(
    'no concurrency',
  );
});

it('recommends by own times if the service reported none, and marks them and the estimated cost', () => {
  const runs = [
    anOutcome({ metrics: { own_wall_time: 6.04 }, costUsd: 0.0049, estimatedUsd: 0.0049 }),
    anOutcome({ index: 1, metrics: { own_wall_time: 8 }, costUsd: 0.0049, estimatedUsd: 0.0049 }),
  ];
  const measured = {
    ...{
      name: 'o/n',
      model: 'o/n',
      images: 2,
      failed: 0,
      predictSeconds: null,
      totalSeconds: null,
      unmeasured: 2,
    },
    ...{ ownWallSeconds: 7.02, costUsd: 0.0098, estimatedUsd: 0.0098, usdPerImage: 0.0049, image: null },
  };
  expect(calibrationTable(runs, measured)).toBe(
    [
      "  run 1   6.0 s by this machine's clock, queue and network included, ~$0.0049",
      "  run 2   8.0 s by this machine's clock, queue and network included, ~$0.0049",
      "  median  7.0 s by this machine's clock, queue and network included, ~$0.0049 an image",
      '  use     --concurrency 10',
      '',
    ].join('\n'),
  );
});
