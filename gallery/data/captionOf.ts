import type { Facet } from './facetsOf.ts';
import type { Item } from './Item.ts';

const MAX_CHARS = 160;

/**
 * Returns the caption of an item: first the tags that distinguish it from others, then its prompt;
 * a tile may hide the end.
 */
export function captionOf(item: Item, facets: readonly Facet[]): string {
  const tags = facets.filter(({ name }) => name.startsWith('tag ')).map((facet) => spoken(facet, item));
  return [...tags.filter(Boolean), item.job.prompt].join(' · ').slice(0, MAX_CHARS);
}

/** Returns a tag's value, with the tag's name if the value is a bare number. */
function spoken(facet: Facet, item: Item): string {
  const value = facet.valueOf(item);
  return /^\d+$/.test(value) ? `${facet.label.toLowerCase()} ${value}` : value;
}
