import { expect, it } from 'vitest';
import { comparisonTable } from '../../../src/cli/display/tables.ts';
import { compareOutcomes } from '../../../src/sinks/comparison/comparison.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';

const original = (path: string) => ({
  role: 'original' as const,
  name: 'original',
  path,
  width: 8,
  height: 8,
  format: 'png',
  bytes: 1,
  sha256: 'a'.repeat(64),
});
const saved = (model: string, seconds: number | null, costUsd: number | null, images = 1): Outcome =>
  anOutcome({
    model,
    costUsd,
    files: Array.from({ length: images }, (_, index) => original(`${model}/${index}.png`)),
    metrics: seconds === null ? {} : { predict_time: seconds, total_time: seconds + 1 },
  });
async function* each(outcomes: readonly Outcome[]) {
  yield* outcomes;
}

const outcomes = [
  saved('o/slow', 9, 0.04),
  saved('o/slow', 11, 0.04),
  saved('o/quick', 3, 0.03, 2),
  saved('o/quick', 1, 0.03, 2),
  saved('o/quick', null, 0.03, 2),
  saved('o/unpriced', 5, null),
  anOutcome({ model: 'o/down', status: 'failed', metrics: {}, costUsd: 0 }),
];

it('has medians, cost and an image of each model, the fastest first', async () => {
  const { models, fastest, cheapest } = await compareOutcomes(each(outcomes));
  expect(models).toEqual([
    {
      model: 'o/quick',
      images: 6,
      failed: 0,
      predictSeconds: 2,
      totalSeconds: 3,
      costUsd: 0.09,
      usdPerImage: 0.015,
      image: 'o/quick/0.png',
    },
    expect.objectContaining({ model: 'o/unpriced', predictSeconds: 5, usdPerImage: null }),
    expect.objectContaining({ model: 'o/slow', predictSeconds: 10, usdPerImage: 0.04 }),
    expect.objectContaining({ model: 'o/down', images: 0, failed: 1, predictSeconds: null, image: null }),
  ]);
  expect([fastest, cheapest]).toEqual(['o/quick', 'o/quick']);
});

it('is a table for people', async () => {
  expect(comparisonTable(await compareOutcomes(each(outcomes.slice(0, 4))))).toBe(
    [
      '  model    images  predict   total  an image   cost',
      '  o/quick       4    2.0 s   3.0 s    $0.015  $0.06',
      '  o/slow        2   10.0 s  11.0 s     $0.04  $0.08',
      '  fastest   o/quick',
      '  cheapest  o/quick',
      '',
    ].join('\n'),
  );
});

it('has no fastest and no cheapest model if nothing was made', async () => {
  expect(await compareOutcomes(each([]))).toEqual({ models: [], fastest: null, cheapest: null });
});
