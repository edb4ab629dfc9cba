import { fingerprintOf } from './fingerprintOf.ts';
import type { GridBox, GrownGrid } from './Grid.ts';
import { gridModels } from './gridModels.ts';
import type { JobContext } from './JobContext.ts';

/** Tells a grid and the settings that change its requests from all others, as it is now and as it was each time it grew. */
export function gridFingerprints(
  grid: GrownGrid,
  contexts: readonly JobContext[],
): { fingerprint: string; extendedFrom: readonly string[] } {
  const prints = grid.boxes.map((_, turn) => printOf(grid, grid.boxes.slice(0, turn + 1), contexts));
  return { fingerprint: prints.at(-1) ?? '', extendedFrom: prints.slice(0, -1) };
}

function printOf(grid: GrownGrid, boxes: readonly GridBox[], contexts: readonly JobContext[]): string {
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
