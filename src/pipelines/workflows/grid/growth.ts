import { join } from 'node:path';
import { z } from 'zod';
import { canonicalJson } from '../../../base/modelInput.ts';
import { readOwnJson } from '../../../disk/writeFiles.ts';
import { UsageError } from '../../../errors.ts';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import { fingerprintOf } from '../../../sources/planning/requestKey.ts';
import type { ModelInput } from '../../../types.ts';
import { distinctTags } from './axes.ts';
import type { Grid, GridAxis, GridSize, GridValue, ResumedGrid } from './cells.ts';
import { checkGrid, gridModels } from './check.ts';

/**
 * Checks a grid, and continues the one that its folder has. Writes nothing. Rejects with
 * `UsageError` if the grid is invalid or does not extend the one in the folder.
 */
export async function openGrid(
  wanted: Grid,
  contexts: readonly JobContext[],
  folder: string,
): Promise<ResumedGrid> {
  const grown = extendGrid(
    wanted,
    contexts[0]?.count ?? 1,
    await readOwnJson(join(folder, gridFileName), history),
  );
  await checkGrid(grown, contexts);
  return grown;
}

/** The grids that a folder has had, as its `grid.json` stores them. */
interface GridHistory {
  readonly axes: readonly GridAxis[];
  readonly boxes: readonly GridSize[];
}

/**
 * Continues the grid of a folder: known axes and values keep their order, in any order they are
 * given now, and new values come last. `count` is the number of images per cell. Throws
 * `UsageError` if an axis, a value or images are missing.
 */
export function extendGrid(grid: Grid, count: number, history: GridHistory | null): ResumedGrid {
  const known = history?.axes ?? grid.axes.map((axis) => ({ ...axis, values: [] }));
  const axes = sameAxes(grid.axes, known);
  const box = [...axes.map(({ values }) => values.length), count];
  const boxes = history?.boxes ?? [];
  const last = boxes.at(-1);
  const before = last?.at(-1) ?? 0;
  if (count < before)
    throw notGrowth(`with ${before} images per cell (count), but now the count is ${count}`);
  const isSame = last?.every((size, axis) => size === box[axis]) ?? false;
  return { ...grid, axes, boxes: isSame ? boxes : [...boxes, box] };
}

function sameAxes(axes: readonly GridAxis[], known: readonly GridAxis[]): GridAxis[] {
  const added = axes.find(({ name }) => !known.some((old) => old.name === name));
  if (added !== undefined) throw notGrowth(`without the axis \`${added.name}\`, which the spec now has`);
  return known.map((old) => {
    const now = axes.find(({ name }) => name === old.name);
    if (now === undefined) throw notGrowth(`with the axis \`${old.name}\`, which the spec no longer has`);
    return { ...now, values: distinctTags(old.values, newValues(now, old)) };
  });
}

function newValues(now: GridAxis, old: GridAxis): GridValue[] {
  const given = new Set(now.values.map(contentOf));
  const missing = old.values.find((value) => !given.has(contentOf(value)));
  if (missing !== undefined) {
    const name = Object.values(missing.tags).join(', ');
    throw notGrowth(`with the value \`${name}\` in ${now.place}, which the spec no longer has`);
  }
  const known = new Set(old.values.map(contentOf));
  return now.values.filter((value) => !known.has(contentOf(value)));
}

/** Returns the effect of a value on a request, without its name. */
function contentOf({ words, input, model }: GridValue): string {
  return canonicalJson({ words, input, model: model ?? null });
}

function notGrowth(change: string): UsageError {
  return new UsageError(`This folder was started ${change}`, {
    suggestion:
      'In its folder, a grid can only get more values and a higher count. For anything else, choose another folder with --out.',
  });
}

const texts = z.record(z.string(), z.string());
const value = z
  .object({
    tags: texts,
    words: texts,
    input: z.record(z.string(), z.json()).transform((input): ModelInput => input),
    model: z.string().optional(),
  })
  .transform((each): GridValue => each);
const history = z.object({
  axes: z.array(z.object({ name: z.string(), place: z.string(), values: z.array(value).min(1) })),
  boxes: z.array(z.array(z.int().min(1))).min(1),
});

/** The file in a run folder that stores the order in which a grid's values were added. */
export const gridFileName = 'grid.json';

/**
 * Returns fingerprints of a grid, with the settings that change its requests: as it is now, and as
 * it was before each growth.
 */
export function gridFingerprints(
  grid: ResumedGrid,
  contexts: readonly JobContext[],
): { fingerprint: string; extendedFrom: readonly string[] } {
  const prints = grid.boxes.map((_, growth) =>
    fingerprintAt(grid, grid.boxes.slice(0, growth + 1), contexts),
  );
  return { fingerprint: prints.at(-1) ?? '', extendedFrom: prints.slice(0, -1) };
}

function fingerprintAt(
  grid: ResumedGrid,
  boxes: readonly GridSize[],
  contexts: readonly JobContext[],
): string {
  const { prompt, input } = grid;
  const box = boxes.at(-1) ?? [];
  const axes = grid.axes.map(({ name, values }, axis) => ({ name, values: values.slice(0, box[axis]) }));
  const asWas = { ...grid, axes: axes.map((axis) => ({ ...axis, place: axis.name })) };
  const own = gridModels(asWas, contexts);
  const models = own.map((context) => fingerprintOf(null, { ...context, count: 1 }));
  const [context] = own;
  if (context === undefined) return '';
  // The names of values change no request.
  const requests = axes.map(({ name, values }) => ({
    name,
    values: values.map(({ tags: _, ...value }) => value),
  }));
  return fingerprintOf({ prompt, input, axes: requests, boxes, models }, { ...context, count: 1 });
}
