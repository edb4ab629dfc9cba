import { UsageError } from '../errors.ts';
import type { GridAxis, GridValue } from './Grid.ts';

/**
 * One axis of several that go side by side: its first value has the first of each. Throws `UsageError` where they are not
 * equally long.
 */
export function zipAxes(name: string, axes: readonly GridAxis[]): GridAxis {
  const [first, ...others] = axes;
  if (first === undefined) return { name, place: name, values: [] };
  const other = others.find(({ values }) => values.length !== first.values.length);
  if (other !== undefined) {
    throw new UsageError(
      `Expected lists of one length, got ${first.name} with ${first.values.length} and ${other.name} with ${other.values.length}`,
    );
  }
  const values = first.values.map((_, row) => side(axes.map((axis) => axis.values[row] ?? nothing)));
  return { name, place: name, values };
}

const nothing: GridValue = { tags: {}, words: {}, input: {} };

function side(values: readonly GridValue[]): GridValue {
  return values.reduce((row, { tags, words, input, model = row.model }) => ({
    tags: { ...row.tags, ...tags },
    words: { ...row.words, ...words },
    input: { ...row.input, ...input },
    ...(model === undefined ? {} : { model }),
  }));
}
