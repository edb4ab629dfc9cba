import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gridCells } from '../../../../src/pipelines/workflows/grid/cells.ts';

const texts = (boxes: number[][]) => [...gridCells(boxes)].map((cell) => cell.join(''));

it('runs through the last index fastest', () => {
  expect(texts([[2, 3]])).toEqual(['00', '01', '02', '10', '11', '12']);
});

it('adds new cells after the old ones when the grid grows', () => {
  const first = texts([[2, 2, 1]]);
  const second = texts([[2, 2, 1], [2, 3, 2]]); // biome-ignore format: boxes side by side
  expect(first).toEqual(['000', '010', '100', '110']);
  expect(second).toEqual([...first, '001', '011', '020', '021', '101', '111', '120', '121']);
});

it('has one cell if nothing varies', () => {
  expect(texts([[1]])).toEqual(['0']);
});

it('costs nothing until it is asked', () => {
  const cells = gridCells([
    [1_000, 1_000, 1_000],
    [1_000, 1_000, 1_000_000],
  ]);
  expect([cells.next().value, cells.next().value]).toEqual([[0, 0, 0], [0, 0, 1]]); // biome-ignore format: a pair
  const grown = gridCells([[1, 1], [1_000_000_000, 2]]); // biome-ignore format: boxes side by side
  grown.next();
  expect(grown.next().value).toEqual([0, 1]);
});

it('gives each cell once, the old ones as before, however often it grows', () => {
  const steps = fc.array(fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)), { maxLength: 4 });
  fc.assert(
    fc.property(steps, (growth) => {
      const boxes = [[1, 2, 1]];
      for (const step of growth)
        boxes.push((boxes.at(-1) ?? []).map((size, axis) => size + (step[axis] ?? 0)));
      const cells = texts(boxes);
      const last = boxes.at(-1) ?? [];
      expect(cells).toHaveLength(last.reduce((product, size) => product * size, 1));
      expect(new Set(cells).size).toBe(cells.length);
      const before = texts(boxes.slice(0, -1));
      expect(cells.slice(0, before.length)).toEqual(before);
    }),
  );
});
