import type { GridAxis, GridBox } from './Grid.ts';

/** How much a grid measures: `glaze 3 x light 2`, and the images of each cell where these are several. */
export function describeBox(axes: readonly GridAxis[], box: GridBox): string {
  const sizes = axes.map(({ name }, axis) => `${name} ${box[axis]}`);
  const count = box.at(-1) ?? 1;
  return [...sizes, ...(count > 1 ? [`count ${count}`] : [])].join(' x ') || 'none';
}
