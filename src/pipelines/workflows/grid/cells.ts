import { option, UsageError } from '../../../errors.ts';
import type { ModelInput, RenditionSpec, Tags } from '../../../types.ts';

/** One value of an axis, and its effect on a job. */
export interface GridValue {
  /** Its names in folders and gallery. */
  readonly tags: Tags;
  /** Its words in the prompt, by placeholder. */
  readonly words: Readonly<Record<string, string>>;
  /** Its model inputs. Lists that several axes give to the same input are concatenated. */
  readonly input: ModelInput;
  /** `owner/name`, optionally with `:version`, if the axis is one of models. */
  readonly model?: string | undefined;
}

/** An axis of a grid, and its values. */
export interface GridAxis {
  readonly name: string;
  /** Path in the spec, for messages: `axes.guidance`. */
  readonly place: string;
  readonly values: readonly GridValue[];
}

/**
 * A grid: each combination of values, one of each axis, is a cell, and each cell is one or more
 * jobs.
 */
export interface Grid {
  /** Template of the prompts: each `{placeholder}` is a word of an axis. */
  readonly prompt: string;
  /** Inputs of every cell. */
  readonly input: ModelInput;
  /**
   * Paths in the spec of inputs that are not under `input`, by name, for messages. Default: none.
   */
  readonly inputPlaces?: Readonly<Record<string, string>>;
  /** The axes; the first one changes most slowly. */
  readonly axes: readonly GridAxis[];
  readonly renditions: readonly RenditionSpec[];
  /** Maximum number of images; null: 10,000. Does not apply if the run has a limit. */
  readonly max: number | null;
}

/** The number of values on each axis, and last the number of images per cell. */
export type GridSize = readonly number[];

/**
 * A grid with its history: axes and values in the order in which they were added, and its size
 * after each growth.
 */
export interface ResumedGrid extends Grid {
  /** Sizes; none is smaller in any dimension than the one before. */
  readonly boxes: readonly GridSize[];
}

/** The index on each axis, and last the index of the image; all 0-based. */
export type GridCell = readonly number[];

/**
 * Yields the cells of a grid that grew, lazily: those of the first size, then those that the second
 * one added, and so on, each time with the last index running fastest. So a cell keeps its number
 * each time the grid grows.
 *
 *     boxes [2, 2] then [2, 3]    00 01 10 11    02 12
 */
export function* gridCells(boxes: readonly GridSize[]): Generator<GridCell, void, void> {
  for (const [turn, box] of boxes.entries()) yield* beyond(boxes[turn - 1] ?? null, box, []);
}

/**
 * Yields the cells that begin with `cell`, except those inside the old size; it is null if `cell`
 * is outside of it already.
 */
function* beyond(old: GridSize | null, box: GridSize, cell: GridCell): Generator<GridCell, void, void> {
  const axis = cell.length;
  const size = box[axis];
  if (size === undefined) {
    if (old === null) yield cell;
    return;
  }
  const oldSize = old?.[axis] ?? 0;
  // If no later axis grew, all cells at the old indexes were yielded before.
  const hasNew = box.some((later, other) => other > axis && later > (old?.[other] ?? 0));
  for (let index = hasNew ? 0 : oldSize; index < size; index += 1) {
    yield* beyond(index < oldSize ? old : null, box, [...cell, index]);
  }
}

const usualMax = 10_000;

/**
 * Returns the number of images of a grid, or the limit if it is lower, without making the jobs.
 * Throws `UsageError` if there are more than the grid allows and no limit is given.
 */
export function gridTotal({ axes, boxes, max }: ResumedGrid, limit?: number): number {
  const box = boxes.at(-1) ?? [];
  const images = box.reduce((product, size) => product * BigInt(size), 1n);
  if (limit !== undefined) return images < limit ? Number(images) : limit;
  const most = max ?? usualMax;
  if (images <= most) return Number(images);
  throw new UsageError(
    `Expected at most ${most.toLocaleString('en')} ${most === 1 ? 'image' : 'images'}, got ${images.toLocaleString('en')} (${describeSize(axes, box)})`,
    {
      suggestion: `Set max: ${images} in the spec, or make only the first ${most} with ${option('--limit', String(most))}.`,
    },
  );
}

/**
 * Describes the size of a grid: `glaze 3 x light 2`, and the images per cell if there are several.
 */
export function describeSize(axes: readonly GridAxis[], box: GridSize): string {
  const sizes = axes.map(({ name }, axis) => `${name} ${box[axis]}`);
  const count = box.at(-1) ?? 1;
  return [...sizes, ...(count > 1 ? [`count ${count}`] : [])].join(' x ') || 'none';
}
