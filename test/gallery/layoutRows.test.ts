import fc from 'fast-check';
import { expect, it } from 'vitest';
import { layoutRows } from '../../gallery/page/layoutRows.ts';
import { neighbour } from '../../gallery/page/neighbour.ts';
import { rowsBetween } from '../../gallery/page/rowsBetween.ts';

const measures = { widthPx: 1_000, rowHeightPx: 200, gapPx: 10, captionPx: 30 };

it('fills rows to the edge, except the last one', () => {
  const { rows, heightPx } = layoutRows([1, 1, 1, 1, 1, 1, 1], measures);
  expect(rows.map(({ first, tiles }) => [first, tiles.length])).toEqual([
    [0, 5],
    [5, 2],
  ]);
  expect(rows[0]).toMatchObject({ top: 0, heightPx: 192 }); // (1,000 - 4 gaps) / 5
  expect(rows[1]).toMatchObject({ top: 192 + 30 + 10, heightPx: 200 });
  expect(heightPx).toBe(192 + 30 + 10 + 200 + 30);
});

it('has no height without tiles', () => {
  expect(layoutRows([], measures)).toEqual({ rows: [], heightPx: 0 });
});

it('lays out every tile once, within the width, for any shapes and window', () => {
  const ratios = fc.array(fc.double({ min: 0.05, max: 20, noNaN: true }), { maxLength: 80 });
  fc.assert(
    fc.property(ratios, fc.integer({ min: 280, max: 2_500 }), (shapes, widthPx) => {
      const { rows } = layoutRows(shapes, { ...measures, widthPx });
      expect(rows.flatMap(({ first, tiles }) => tiles.map((_, column) => first + column))).toEqual([
        ...shapes.keys(),
      ]);
      for (const { tiles, heightPx } of rows) {
        const last = tiles.at(-1);
        expect((last?.left ?? 0) + (last?.widthPx ?? 0)).toBeLessThanOrEqual(widthPx);
        expect(heightPx).toBeGreaterThan(40);
      }
    }),
  );
});

it('finds the rows between two heights', () => {
  const { rows } = layoutRows(new Array(100).fill(1), measures);
  const all = rowsBetween(rows, -100, 100_000, 30);
  expect(all).toHaveLength(rows.length);
  expect(rowsBetween(rows, 500, 700, 30).map(({ first }) => first)).toEqual([10, 15]);
  expect(rowsBetween([], 0, 100, 30)).toEqual([]);
});

it('moves from tile to tile', () => {
  const { rows } = layoutRows([1, 1, 1, 1, 1, 1, 1], measures);
  const lead = (key: string, from: number) => neighbour(key, from, rows);
  expect([lead('ArrowRight', 4), lead('ArrowRight', 6), lead('ArrowLeft', 0)]).toEqual([5, 6, 0]);
  expect([lead('ArrowDown', 1), lead('ArrowDown', 4), lead('ArrowDown', 6), lead('ArrowUp', 6)]).toEqual([
    6, 6, 6, 1,
  ]);
  expect([lead('Home', 3), lead('End', 0), lead('x', 0), neighbour('Home', 0, [])]).toEqual([
    0,
    6,
    null,
    null,
  ]);
});
