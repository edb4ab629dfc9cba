import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ticksTo, timeTicks } from '../../gallery/report/axes.ts';
import { costRows, totalRow } from '../../gallery/report/costRows.ts';
import { folderOf, ranges, retryCommand } from '../../gallery/text/commands.ts';
import { createReport } from '../../src/sinks/report/report.ts';
import { aMixedOutcome } from './aGallery.ts';

it.each([
  [0, [0, 1]],
  [0.528, [0, 0.2, 0.4, 0.6]],
  [3, [0, 1, 2, 3]],
  [97, [0, 50, 100]],
])('an axis to %d has round ticks', (max, ticks) => {
  expect(ticksTo(max)).toEqual(ticks);
});

it('the ticks of any axis begin at 0, reach the highest value, and are few', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), fc.boolean(), (max, isWhole) => {
      const ticks = ticksTo(max, { isWhole });
      expect(ticks[0]).toBe(0);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(max * (1 - 1e-9));
      expect(ticks.length).toBeLessThanOrEqual(6);
      if (isWhole) expect(ticks.every(Number.isInteger)).toBe(true);
    }),
  );
});

it.each([
  [2.6, ['0 s', '1 s', '2 s', '3 s']],
  [300, ['0 min', '1 min', '2 min', '3 min', '4 min', '5 min']],
  [7_200, ['0 h', '0.5 h', '1 h', '1.5 h', '2 h']],
])('an axis of %d s has one unit', (max, labels) => {
  const { values, labelOf } = timeTicks(max);
  expect(values.map(labelOf)).toEqual(labels);
});

it('the costs by model add up to the total, with images that belong to no job', () => {
  const report = createReport();
  for (const index of [0, 1, 2]) report.add(aMixedOutcome(index));
  report.addUnused(aMixedOutcome(3));
  const all = report.toJSON(
    { elapsedMs: 1 },
    { surplus: { count: 1, costUsd: 0.004, predictionIds: ['p'] } },
  );
  const rows = costRows(all);
  expect(rows.map(({ name, figures }) => [name, figures[1]])).toEqual([
    ['black-forest-labs/flux-schnell', '$0.006'],
    ['black-forest-labs/flux-dev', '$0.003'],
    ['Made twice', '$0.004'],
    ['No longer asked for', '$0.003'],
  ]);
  expect(totalRow(all).figures[1]).toBe('$0.016');
});

it('commands name the folder of the page, quoted, and jobs as ranges', () => {
  const at = (pathname: string) => folderOf({ protocol: 'file:', pathname }, 'name');
  expect([at('/out/a%20b/gallery.html'), at('/C:/runs/x/gallery.html')]).toEqual(['/out/a b', 'C:/runs/x']);
  expect(folderOf({ protocol: 'http:', pathname: '/' }, 'name')).toBe('name');
  expect(retryCommand({ folder: "/out/it's", isSimulated: true }, [3, 1, 2, 7])).toBe(
    `npx rxposure retry '/out/it'\\''s' --only 1-3,7 --simulate`,
  );
  expect(retryCommand({ folder: '/out/a\u202e\n; rm', isSimulated: false })).toBe(
    "npx rxposure retry '/out/a; rm'",
  );
  expect(ranges([5])).toBe('5');
});
