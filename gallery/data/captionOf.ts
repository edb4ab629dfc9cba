import type { Facet } from './facetsOf.ts';
import type { Item } from './Item.ts';

const MAX_CHARS = 160;

/** What tells an item from the others: first the tags that do, then its prompt; the end may be out of sight. */
export function captionOf(item: Item, facets: readonly Facet[]): string {
  const tags = facets.filter(({ name }) => name.startsWith('tag ')).map((facet) => spoken(facet, item));
  return [...tags.filter(Boolean), item.job.prompt].join(' · ').slice(0, MAX_CHARS);
}

/** A bare number says nothing. */
function spoken(facet: Facet, item: Item): string {
  const value = facet.valueOf(item);
  return /^\d+$/.test(value) ? `${facet.label.toLowerCase()} ${value}` : value;
}
