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

it('reports what each run took, and what to use', () => {
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
    model: 'o/n',
    images: 2,
    failed: 1,
    totalSeconds: 3.5,
    costUsd: 0.003,
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
