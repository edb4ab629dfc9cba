import type { Item } from './Item.ts';

/** A property that divides items into a few groups: status, model, a tag. */
export interface Facet {
  readonly name: string;
  readonly label: string;
  /** Values in order of first occurrence. */
  readonly values: readonly string[];
  valueOf(item: Item): string;
}

/** Values of a facet, at most: with more of them, search is the better tool. */
const MAX_VALUES = 60;
const MAX_FACETS = 10;

/** Returns the facets by which items can be filtered: those with 2 to 60 values. */
export function facetsOf(items: readonly Item[]): Facet[] {
  const tagNames = new Set(items.flatMap(({ job }) => Object.keys(job.tags ?? {})));
  const candidates = [
    { name: 'status', label: 'Status', valueOf: ({ job }: Item) => job.status },
    { name: 'model', label: 'Model', valueOf: ({ job }: Item) => job.model },
    ...[...tagNames].map((tag) => ({
      name: `tag ${tag}`,
      label: inWords(tag),
      valueOf: ({ job }: Item) => job.tags?.[tag] ?? '',
    })),
  ];
  return candidates
    .map((facet) => ({ ...facet, values: [...new Set(items.map(facet.valueOf))].slice(0, MAX_VALUES + 1) }))
    .filter(({ values }) => values.length > 1 && values.length <= MAX_VALUES)
    .filter((facet, _, all) => !isSpelledShorter(facet, all, items))
    .slice(0, MAX_FACETS);
}

/**
 * Returns true for the models if a tag has shorter names for the same: `owner/name` and `name` would
 * be two filters that do the same.
 */
function isSpelledShorter(facet: Facet, all: readonly Facet[], items: readonly Item[]): boolean {
  const tag = all.find(({ name }) => name === 'tag model');
  if (facet.name !== 'model' || tag === undefined || tag.values.length !== facet.values.length) return false;
  const pairs = new Set(items.map((item) => JSON.stringify([facet.valueOf(item), tag.valueOf(item)])));
  return pairs.size === facet.values.length;
}

function inWords(tag: string): string {
  const words = tag.replace(/[_-]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
