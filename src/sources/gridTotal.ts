import { UsageError } from '../errors.ts';
import { describeBox } from './describeBox.ts';
import type { GrownGrid } from './Grid.ts';

const usualMax = 10_000;

/**
 * How many pictures a grid has, or the limit where that is less: counted, not made. Throws `UsageError` where there are more
 * than the grid allows and no limit is given.
 */
export function gridTotal({ axes, boxes, max }: GrownGrid, limit?: number): number {
  const box = boxes.at(-1) ?? [];
  const pictures = box.reduce((product, size) => product * BigInt(size), 1n);
  if (limit !== undefined) return pictures < limit ? Number(pictures) : limit;
  const most = max ?? usualMax;
  if (pictures <= most) return Number(pictures);
  throw new UsageError(
    `Expected at most ${most.toLocaleString('en')} pictures, got ${pictures.toLocaleString('en')} (${describeBox(axes, box)})`,
    { suggestion: `Set max: ${pictures} in the spec, or make only the first ones with --limit ${most}.` },
  );
}
