import { UsageError } from '../errors.ts';
import { canonicalJson } from './canonicalJson.ts';
import { distinctTags } from './distinctTags.ts';
import type { Grid, GridAxis, GridBox, GridValue, GrownGrid } from './Grid.ts';

/** What a folder knows of the grids it has held. */
export interface GridHistory {
  readonly axes: readonly GridAxis[];
  readonly boxes: readonly GridBox[];
}

/**
 * A grid as the next step of what a folder has held: known axes and values keep their places, in whatever order they are
 * given now, and what is new comes behind. `count` is the images of each cell. Throws `UsageError` where something is gone.
 */
export function extendGrid(grid: Grid, count: number, history: GridHistory | null): GrownGrid {
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
