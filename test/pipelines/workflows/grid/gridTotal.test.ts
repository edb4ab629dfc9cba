import { expect, it } from 'vitest';
import type { ResumedGrid } from '../../../../src/pipelines/workflows/grid/cells.ts';
import { gridTotal } from '../../../../src/pipelines/workflows/grid/cells.ts';

function aGrid(box: readonly number[], max: number | null = null): ResumedGrid {
  const axes = ['pot', 'light'].map((name) => ({ name, place: `axes.${name}`, values: [] }));
  return { prompt: '', input: {}, axes, renditions: [], max, boxes: [box] };
}

it('counts up to the cap, without making any', () => {
  expect(gridTotal(aGrid([100, 50, 2]))).toBe(10_000);
  expect(gridTotal(aGrid([100, 50, 3], 15_000))).toBe(15_000);
});

it('suggests how to raise the cap', () => {
  expect(() => gridTotal(aGrid([1_000_000, 1_000_000, 1_000_000]))).toThrow(
    'Expected at most 10,000 images, got 1,000,000,000,000,000,000 (pot 1000000 x light 1000000 x count 1000000)',
  );
  expect(() => gridTotal(aGrid([100, 50, 3]))).toThrow(
    expect.objectContaining({
      suggestion:
        'Set max: 15000 in the spec, or make only the first 10000 with --limit 10000 (`limit` in code).',
    }),
  );
});

it('lets a limit of the run replace the cap', () => {
  expect(gridTotal(aGrid([1_000_000, 1_000_000, 1_000_000]), 20_000)).toBe(20_000);
  expect(gridTotal(aGrid([2, 2, 1]), 20_000)).toBe(4);
});
