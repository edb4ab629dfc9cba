import { join } from 'node:path';
import { z } from 'zod';
import { canonicalJson } from '../../../base/modelInput.ts';
import { readOwnJson } from '../../../disk/jsonFile.ts';
import { UsageError } from '../../../errors.ts';
import type { JobContext } from '../../../sources/planning/jobContext.ts';
import { fingerprintOf } from '../../../sources/planning/requestKey.ts';
import type { ModelInput } from '../../../types.ts';
import { distinctTags } from './axes.ts';
import type { Grid, GridAxis, GridSize, GridValue, ResumedGrid } from './cells.ts';
import { checkGrid, gridModels } from './check.ts';

/**
 * A grid as the next step of what its folder has held. Writes nothing. Rejects with `UsageError` for all that can be wrong
 * with it, the folder's past included.
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

/** What a folder knows of the grids it has held. */
interface GridHistory {
  readonly axes: readonly GridAxis[];
  readonly boxes: readonly GridSize[];
}

/**
 * A grid as the next step of what a folder has held: known axes and values keep their places, in whatever order they are
 * given now, and what is new comes behind. `count` is the images of each cell. Throws `UsageError` where something is gone.
 */
export function extendGrid(grid: Grid, count: number, history: GridHistory | null): ResumedGrid {
  const known = history?.axes ?? grid.axes.map((axis) => ({ ...axis, values: [] }));
  const axes = sameAxes(grid.axes, known);
  const box = [...axes.map(({ values }) => values.length), count];
  const boxes = history?.boxes ?? [];
  const last = boxes.at(-1);
  const before = last?.at(-1) ?? 0;
  if (count < before) throw gone(`at least ${before} images of each cell`, `a count of ${count}`);
  const isSame = last?.every((size, axis) => size === box[axis]) ?? false;
  return { ...grid, axes, boxes: isSame ? boxes : [...boxes, box] };
}

function sameAxes(axes: readonly GridAxis[], known: readonly GridAxis[]): GridAxis[] {
  const added = axes.find(({ name }) => !known.some((old) => old.name === name));
  if (added !== undefined) throw gone('the axes that the folder was begun with', `${added.name} as well`);
  return known.map((old) => {
    const now = axes.find(({ name }) => name === old.name);
    if (now === undefined) throw gone(`the axis ${old.name}`, 'none of that name');
    return { ...now, values: distinctTags(old.values, newValues(now, old)) };
  });
}

function newValues(now: GridAxis, old: GridAxis): GridValue[] {
  const given = new Set(now.values.map(contentOf));
  const missing = old.values.find((value) => !given.has(contentOf(value)));
  if (missing !== undefined) {
    throw gone(`the value ${Object.values(missing.tags).join(', ')} on ${now.place}`, 'a list without it');
  }
  const known = new Set(old.values.map(contentOf));
  return now.values.filter((value) => !known.has(contentOf(value)));
}

/** What a value makes of a request; it may be called otherwise. */
function contentOf({ words, input, model }: GridValue): string {
  return canonicalJson({ words, input, model: model ?? null });
}

function gone(expected: string, got: string): UsageError {
  return new UsageError(`Expected a grid that goes on in its folder with ${expected}, got ${got}`, {
    suggestion:
      'A grid may grow in its folder, in values and in count. For anything else choose another folder with --out.',
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

/** The file in a run folder that keeps the order in which a grid's values came. */
export const gridFileName = 'grid.json';

/** Tells a grid and the settings that change its requests from all others, as it is now and as it was each time it grew. */
export function gridFingerprints(
  grid: ResumedGrid,
  contexts: readonly JobContext[],
): { fingerprint: string; extendedFrom: readonly string[] } {
  const prints = grid.boxes.map((_, turn) => printOf(grid, grid.boxes.slice(0, turn + 1), contexts));
  return { fingerprint: prints.at(-1) ?? '', extendedFrom: prints.slice(0, -1) };
}

function printOf(grid: ResumedGrid, boxes: readonly GridSize[], contexts: readonly JobContext[]): string {
  const { prompt, input } = grid;
  const box = boxes.at(-1) ?? [];
  const axes = grid.axes.map(({ name, values }, axis) => ({ name, values: values.slice(0, box[axis]) }));
  const asWas = { ...grid, axes: axes.map((axis) => ({ ...axis, place: axis.name })) };
  const own = gridModels(asWas, contexts);
  const models = own.map((context) => fingerprintOf(null, { ...context, count: 1 }));
  const [context] = own;
  if (context === undefined) return '';
  // What values are called changes no request.
  const requests = axes.map(({ name, values }) => ({
    name,
    values: values.map(({ tags: _, ...value }) => value),
  }));
  return fingerprintOf({ prompt, input, axes: requests, boxes, models }, { ...context, count: 1 });
}
