import type { Facet } from '../data/facetsOf.ts';
import type { View } from './createToolbar.ts';

/** The facets that a comparison has as columns, besides its prompts as rows. */
const comparedBy = ['tag variant', 'tag model', 'model'];

/**
 * Returns the initial rows and columns of a table: prompts as rows, if the run has several by name,
 * and the compared facet as columns. Null if there are not two facets.
 */
export function firstAxes(axes: readonly Facet[]): View['axes'] {
  const rows = axes.find(({ name }) => name === 'tag prompt') ?? axes[0];
  const others = axes.filter((facet) => facet !== rows);
  const named = comparedBy.map((compared) => others.find(({ name }) => name === compared));
  const columns = (isComparison(axes) ? named.find((facet) => facet !== undefined) : undefined) ?? others[0];
  return rows === undefined || columns === undefined ? null : { rows: rows.name, columns: columns.name };
}

/** Returns true for a run that compares models or styles: its gallery begins as a table. */
export function isComparison(axes: readonly Facet[]): boolean {
  const names = axes.map(({ name }) => name);
  return names.includes('tag prompt') && comparedBy.some((name) => names.includes(name));
}
