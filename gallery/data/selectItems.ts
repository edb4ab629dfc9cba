import type { Facet } from './facetsOf.ts';
import type { Item } from './Item.ts';
import { type SortName, sorts } from './sorts.ts';

/** Search, filters and order of the page. */
export interface Selection {
  readonly search: string;
  /** The selected value of each filter, by the facet's name. */
  readonly filters: ReadonlyMap<string, string>;
  readonly sort: SortName;
}

/**
 * Returns the items that match, in the chosen order. An item must contain every word of the search.
 */
export function selectItems(
  items: readonly Item[],
  facets: readonly Facet[],
  { search, filters, sort }: Selection,
): Item[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = facets.filter(({ name }) => filters.has(name));
  const found = items.filter(
    (item) => chosen.every((facet) => facet.valueOf(item) === filters.get(facet.name)) && hasAll(item, words),
  );
  const { keyOf, descending } = sorts[sort];
  if (keyOf === null) return found;
  const sign = descending ? -1 : 1;
  // Items without a sort key come last in both directions.
  return found.sort((a, b) => {
    const [first, second] = [keyOf(a), keyOf(b)];
    if (first === undefined || second === undefined)
      return Number(first === undefined) - Number(second === undefined);
    return sign * (first - second);
  });
}

const searchTexts = new WeakMap<Item, string>();

function hasAll(item: Item, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  let text = searchTexts.get(item);
  if (text === undefined) {
    const { job, name } = item;
    const { seed } = job.input ?? {};
    const parts = [
      `#${name}`,
      job.prompt,
      job.model,
      job.status,
      job.predictionId,
      seed,
      job.error?.code,
      job.error?.message,
    ];
    text = [...parts, ...Object.values(job.tags ?? {})].join('\n').toLowerCase();
    searchTexts.set(item, text);
  }
  const searched = text;
  return words.every((word) => searched.includes(word));
}
