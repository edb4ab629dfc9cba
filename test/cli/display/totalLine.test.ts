import { expect, it } from 'vitest';
import { totalLine } from '../../../src/cli/display/statusLines.ts';
import { createPaint } from '../../../src/cli/display/terminal.ts';
import { displayWidth } from '../../../src/cli/display/text.ts';
import { progress } from '../../helpers/progress.ts';

const plain = createPaint(false);
const busy = progress({
  total: 120,
  alreadySaved: 10,
  saved: 48,
  failed: 1,
  skipped: 1,
  costMicroUsd: 144_000,
  unpricedJobs: 1,
  pausedUntilMs: 4_100,
  ratePerMinute: 60,
});

it('shows all parts if there is room', () => {
  expect(totalLine(busy, 0, 120, plain)).toBe(
    '━━━━━━━━━━━━──────────── 60/120 · 1 failed · 1 skipped · paused 5s · $0.144+ · 60/min · 1m 00s left',
  );
});

it('gives the reason of a long pause', () => {
  const paused = progress({ total: 3, pausedUntilMs: 240_000 });
  expect(totalLine(paused, 0, 80, plain)).toContain(' 0/3 · paused 4m 00s by the service');
});

it('shows the length of a wait for the service or for files', () => {
  const waiting = progress({ total: 3, serviceAwaySinceMs: 1_000, filesAwaySinceMs: 60_000 });
  expect(totalLine(waiting, 65_900, 80, plain)).toContain(
    ' 0/3 · waiting for the service 1m 04s · waiting for files 5s',
  );
});

it('leaves out unknown values', () => {
  expect(totalLine(progress({ total: 3 }), 0, 40, plain)).toBe('──────────────────────── 0/3');
});

it('drops the least important parts first, the count last', () => {
  expect(totalLine(busy, 0, 60, plain)).toBe('60/120 · 1 failed · paused 5s · $0.144+ · 1m 00s left');
  expect(totalLine(busy, 0, 30, plain)).toBe('60/120 · 1 failed · paused 5s');
  expect(totalLine(busy, 0, 10, plain)).toBe('60/120');
  expect(totalLine(busy, 0, 3, plain)).toBe('');
});

it('never is wider than the window', () => {
  for (let columns = 1; columns < 140; columns += 1) {
    expect(displayWidth(totalLine(busy, 0, columns, plain))).toBeLessThanOrEqual(columns);
  }
});

it('has a full bar only when all is done', () => {
  const almost = progress({ total: 100_000, saved: 99_999 });
  expect(totalLine(almost, 0, 80, plain)).toContain('━─ ');
  expect(totalLine(progress({ total: 5, saved: 5 }), 0, 80, plain)).toContain('━━ 5/5');
  expect(totalLine(progress({ total: 0 }), 0, 80, plain)).toContain('━━ 0/0');
});

it('adds colour on request', () => {
  expect(totalLine(busy, 0, 120, createPaint(true))).toContain('\x1b[31m1 failed\x1b[39m');
});
