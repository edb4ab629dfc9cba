import { expect, it } from 'vitest';
import { jobLines } from '../../../src/cli/display/statusLines.ts';
import { createPaint } from '../../../src/cli/display/terminal.ts';
import { displayWidth } from '../../../src/cli/display/text.ts';
import { activeJobs, progress } from '../../helpers/progress.ts';

const config = { nowMs: 12_900, columns: 60, rows: 5, paint: createPaint(false) };

it('shows each job with number, time, state and prompt', () => {
  const active = activeJobs(2, { attempt: 2 });
  expect(jobLines(progress({ total: 200, active }), config)).toEqual([
    '  #1   12s running 2   prompt 0',
    '  #2   12s running 2   prompt 1',
  ]);
});

it('counts the jobs that do not fit', () => {
  const lines = jobLines(progress({ active: activeJobs(9) }), config);
  expect(lines).toHaveLength(5);
  expect(lines.at(-1)).toBe('… and 5 more');
});

it('shows the oldest job in a single row, and none without rows', () => {
  const busy = progress({ active: activeJobs(9) });
  expect(jobLines(busy, { ...config, rows: 1 })).toEqual([' #1   12s running     prompt 0']);
  expect(jobLines(busy, { ...config, rows: 0 })).toEqual([]);
  expect(jobLines(busy, { ...config, rows: -1 })).toEqual([]);
});

it.each(['a very long prompt '.repeat(9), '狐狸在雪地里奔跑'.repeat(9), '👨‍👩‍👧‍👦'.repeat(20), ''])(
  'is never wider than the window: %s',
  (prompt) => {
    for (let columns = 1; columns < 90; columns += 1) {
      const [line = ''] = jobLines(progress({ active: activeJobs(1, { prompt }) }), { ...config, columns });
      expect(displayWidth(line)).toBeLessThanOrEqual(columns);
    }
  },
);
