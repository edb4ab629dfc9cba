import type { Item } from './Item.ts';

/** Something that sorts items into a few heaps: status, model, a tag. */
export interface Facet {
  readonly name: string;
  readonly label: string;
  /** In the order in which they come. */
  readonly values: readonly string[];
  valueOf(item: Item): string;
}

/** More are no choice any more: that is what the search is for. */
const MAX_VALUES = 60;
const MAX_FACETS = 10;

/** What the items can be filtered by: whatever tells them apart, with at most 60 values. */
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
    .slice(0, MAX_FACETS);
}

function inWords(tag: string): string {
  const words = tag.replace(/[_-]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
