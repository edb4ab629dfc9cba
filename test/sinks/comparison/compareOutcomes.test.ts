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
  const { models } = await compareOutcomes(each(outcomes));
  expect(models).toEqual([
    {
      name: 'o/quick',
      model: 'o/quick',
      images: 6,
      failed: 0,
      predictSeconds: 2,
      totalSeconds: 3,
      ownWallSeconds: null,
      unmeasured: 1,
      costUsd: 0.09,
      estimatedUsd: 0,
      usdPerImage: 0.015,
      image: 'o/quick/0.png',
    },
    expect.objectContaining({ model: 'o/unpriced', predictSeconds: 5, usdPerImage: null }),
    expect.objectContaining({ model: 'o/slow', predictSeconds: 10, usdPerImage: 0.04 }),
    expect.objectContaining({ model: 'o/down', images: 0, failed: 1, predictSeconds: null, image: null }),
  ]);
});

it('names nothing fastest while a run time is unknown, and nothing cheapest while a price is', async () => {
  const bestOf = async (...some: readonly Outcome[]) => {
    const { fastest, cheapest } = await compareOutcomes(each(some));
    return [fastest, cheapest];
  };
  const slow = saved('o/slow', 9, 0.04);
  const quick = saved('o/quick', 3, 0.03);
  const down = anOutcome({ model: 'o/down', status: 'failed', metrics: {}, costUsd: 0 });
  expect(await bestOf(slow, quick, down)).toEqual([['o/quick'], ['o/quick']]);
  expect(await bestOf(slow, quick, saved('o/slow', null, 0.04))).toEqual([[], ['o/quick']]);
  expect(await bestOf(slow, quick, saved('o/unpriced', 5, null))).toEqual([['o/quick'], []]);
  expect(await bestOf(slow, { ...quick, estimatedUsd: 0.03 })).toEqual([['o/quick'], []]);
  // A result of an identical request was not made here, and has no time or price of its own.
  expect(await bestOf(slow, quick, { ...saved('o/slow', null, 0), cached: true })).toEqual([
    ['o/quick'],
    ['o/quick'],
  ]);
});

it('names all models that tie', async () => {
  const tied = [saved('o/a', 2, 0.025), saved('o/b', 3, 0.025), saved('o/c', 2, 0.03)];
  const comparison = await compareOutcomes(each(tied));
  expect(comparison).toMatchObject({ fastest: ['o/a', 'o/c'], cheapest: ['o/a', 'o/b'] });
  expect(comparisonTable(comparison)).toContain('  fastest   o/a, o/c\n  cheapest  o/a, o/b\n');
});

it('divides the cost by the images that were made, not by those that came for nothing', async () => {
  const { models } = await compareOutcomes(
    each([saved('o/n', 9, 0.04), { ...saved('o/n', 9, 0), cached: true }]),
  );
  expect(models[0]).toMatchObject({ images: 2, costUsd: 0.04, usdPerImage: 0.04 });
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

it('explains in the table why nothing is named', async () => {
  const guessed = { ...saved('o/seconds', null, 0.0049), estimatedUsd: 0.0049 };
  expect(comparisonTable(await compareOutcomes(each([...outcomes.slice(0, 2), guessed])))).toBe(
    [
      '  model      images  predict   total  an image      cost',
      '  o/slow          2   10.0 s  11.0 s     $0.04     $0.08',
      '  o/seconds       1        –       –  ~$0.0049  ~$0.0049',
      '  fastest   unknown: the service did not report all run times of o/seconds',
      '  cheapest  unknown: no exact price is known for all images of o/seconds',
      '',
    ].join('\n'),
  );
});

it('has no fastest and no cheapest model if nothing was made', async () => {
  expect(await compareOutcomes(each([]))).toEqual({ models: [], fastest: [], cheapest: [] });
});

it('sums up models by their own names, and images of a fallback by the model that made them', async () => {
  const named = (model: string, tag: string, seconds: number, fields: Partial<Outcome> = {}) => ({
    ...saved(model, seconds, 0.01),
    tags: { model: tag },
    ...fields,
  });
  const comparison = await compareOutcomes(
    each([
      // Made by a fallback before its own first image.
      named('o/good', 'fast', 7, { fallbackLevel: 1 }),
      named('o/other', 'fast', 8, { fallbackLevel: 2 }),
      named('o/quick', 'fast', 1),
      // The same model with another seed.
      named('o/quick', 'fast', 2, { fallbackLevel: 1 }),
      named('o/good', 'nice', 5),
      named('o/plain', 'plain', 9),
    ]),
  );
  const { models, fastest, cheapest } = comparison;
  expect(models.map(({ name, model, images }) => [name, model, images])).toEqual([
    ['fast', 'o/quick', 2],
    ['nice', 'o/good', 2],
    ['o/other', 'o/other', 1],
    ['o/plain', 'o/plain', 1],
  ]);
  expect(fastest).toEqual(['fast']);
  expect(cheapest).toEqual(['fast', 'nice', 'o/other', 'o/plain']);
  const lines = comparisonTable(comparison).split('\n');
  expect(lines.slice(1, 3)).toEqual([
    expect.stringMatching(/^ {2}fast \(o\/quick\) +2 /),
    expect.stringMatching(/^ {2}nice \(o\/good\) +2 /),
  ]);
});
