import { UsageError } from '../../../errors.ts';
import type { ModelInput, RenditionSpec, Tags } from '../../../types.ts';

/** One choice along an axis: what it makes of a job. */
export interface GridValue {
  /** What it is called in folders and gallery. */
  readonly tags: Tags;
  /** Its words in the prompt, by placeholder. */
  readonly words: Readonly<Record<string, string>>;
  /** Its model inputs. Lists that several axes give to the same input are joined. */
  readonly input: ModelInput;
  /** `owner/name`, perhaps with `:version`, where the axis is one of models. */
  readonly model?: string | undefined;
}

/** A thing that varies, and the values it takes. */
export interface GridAxis {
  readonly name: string;
  /** Where it stands in the spec, for messages: `axes.guidance`. */
  readonly place: string;
  readonly values: readonly GridValue[];
}

/** What is varied, and what stays: each combination of values, one of each axis, is a cell, and each cell a job or more. */
export interface Grid {
  /** Template of the prompts: each `{placeholder}` is a word of some axis. */
  readonly prompt: string;
  /** The same for every cell. */
  readonly input: ModelInput;
  /** Where inputs stand in the spec that are not under `input`, by their names, for messages. Default: all are. */
  readonly inputPlaces?: Readonly<Record<string, string>>;
  /** The first one changes most slowly. */
  readonly axes: readonly GridAxis[];
  readonly renditions: readonly RenditionSpec[];
  /** Pictures at most; null: 10,000. A limit of the run lifts it too. */
  readonly max: number | null;
}

/** The numbers of values along each axis, and last the images of each cell. */
export type GridSize = readonly number[];

/** A grid with its past: axes and values in the order of their arrival, and what the grid measured each time it grew. */
export interface ResumedGrid extends Grid {
  /** Each is nowhere smaller than the one before. */
  readonly boxes: readonly GridSize[];
}

/** A place on each axis, and last the number of the image; all 0-based. */
export type GridCell = readonly number[];

/**
 * The cells of a grid that grew, one at a time as they are asked for: those of the first box, then those that the second one
 * added, and so on, each time with the last place running fastest. So a cell has the same number however often the grid
 * grows, and what is never asked for costs nothing.
 *
 *     boxes [2, 2] then [2, 3]    00 01 10 11    02 12
 */
export function* gridCells(boxes: readonly GridSize[]): Generator<GridCell, void, void> {
  for (const [turn, box] of boxes.entries()) yield* beyond(boxes[turn - 1] ?? null, box, []);
}

/** The cells that begin with `cell`; without those inside the old box, which is null where `cell` is outside of it already. */
function* beyond(old: GridSize | null, box: GridSize, cell: GridCell): Generator<GridCell, void, void> {
  const axis = cell.length;
  const size = box[axis];
  if (size === undefined) {
    if (old === null) yield cell;
    return;
  }
  const oldSize = old?.[axis] ?? 0;
  // Where nothing grew behind this axis, all of the old places have been through.
  const hasNew = box.some((later, place) => place > axis && later > (old?.[place] ?? 0));
  for (let place = hasNew ? 0 : oldSize; place < size; place += 1) {
    yield* beyond(place < oldSize ? old : null, box, [...cell, place]);
  }
}

const usualMax = 10_000;

/**
 * How many pictures a grid has, or the limit where that is less: counted, not made. Throws `UsageError` where there are more
 * than the grid allows and no limit is given.
 */
export function gridTotal({ axes, boxes, max }: ResumedGrid, limit?: number): number {
  const box = boxes.at(-1) ?? [];
  const pictures = box.reduce((product, size) => product * BigInt(size), 1n);
  if (limit !== undefined) return pictures < limit ? Number(pictures) : limit;
  const most = max ?? usualMax;
  if (pictures <= most) return Number(pictures);
  throw new UsageError(
    `Expected at most ${most.toLocaleString('en')} pictures, got ${pictures.toLocaleString('en')} (${describeSize(axes, box)})`,
    { suggestion: `Set max: ${pictures} in the spec, or make only the first ones with --limit ${most}.` },
  );
}

/** How much a grid measures: `glaze 3 x light 2`, and the images of each cell where these are several. */
export function describeSize(axes: readonly GridAxis[], box: GridSize): string {
  const sizes = axes.map(({ name }, axis) => `${name} ${box[axis]}`);
  const count = box.at(-1) ?? 1;
  return [...sizes, ...(count > 1 ? [`count ${count}`] : [])].join(' x ') || 'none';
}
