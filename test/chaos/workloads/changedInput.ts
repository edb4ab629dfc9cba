import type { Random } from '../../../src/simulator/engine/random.ts';
import { chaosProfile } from '../../../src/simulator/index.ts';
import type { ChaosInput, Workload } from './workload.ts';

type Change = (input: ChaosInput, random: Random) => ChaosInput;

/**
 * Between two runs lines are inserted, deleted, moved, appended and changed, and `--count` and
 * `--limit` are set otherwise; lost responses come on top.
 */
export const changedInput: Workload = {
  name: 'input',
  simulator: (around) => chaosProfile('resets', around),
  revise: (input, random) => random.pick(CHANGES)(input, random),
};

const CHANGES: readonly [Change, ...Change[]] = [
  (input, random) => withLines(input, (lines) => lines.splice(placeIn(lines, random), 0, fresh(random))),
  (input, random) => withLines(input, (lines) => lines.splice(placeIn(lines, random), 1)),
  (input, random) => withLines(input, (lines) => lines.splice(placeIn(lines, random), 3)),
  (input, random) => withLines(input, (lines) => swap(lines, placeIn(lines, random), placeIn(lines, random))),
  (input) => withLines(input, (lines) => lines.reverse()),
  (input, random) => withLines(input, (lines) => lines.push(fresh(random), fresh(random))),
  (input, random) => withLines(input, (lines) => lines.splice(placeIn(lines, random), 1, fresh(random))),
  // The same prompt once more: another request with a seed, an equal one without.
  (input, random) => withLines(input, (lines) => lines.unshift(lines[placeIn(lines, random)] ?? '')),
  (input) => ({ ...input, count: 3 - input.count }),
  (input) => ({ ...input, limit: input.limit === null ? Math.ceil(input.lines.length / 2) : null }),
];

/** An input has at least so many lines. */
const LEAST_LINES = 4;

function withLines(input: ChaosInput, change: (lines: string[]) => unknown): ChaosInput {
  const lines = [...input.lines];
  change(lines);
  return lines.length < LEAST_LINES ? input : { ...input, lines };
}

function placeIn(lines: readonly string[], random: Random): number {
  return Math.floor(random.next() * lines.length);
}

function fresh(random: Random): string {
  return `A plum, number ${Math.floor(random.next() * 1_000_000)}`;
}

function swap(lines: string[], one: number, other: number): void {
  [lines[one], lines[other]] = [lines[other] ?? '', lines[one] ?? ''];
}
