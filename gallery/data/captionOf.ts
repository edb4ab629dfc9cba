import type { Facet } from './facetsOf.ts';
import type { Item } from './Item.ts';

const MAX_CHARS = 160;

/** What tells an item from the others in a few words: its tags where they do, else its prompt. */
export function captionOf(item: Item, facets: readonly Facet[]): string {
  const tags = facets.filter(({ name }) => name.startsWith('tag ')).map((facet) => facet.valueOf(item));
  return (tags.filter(Boolean).join(' · ') || item.job.prompt).slice(0, MAX_CHARS);
}
