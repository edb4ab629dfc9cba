import type { Facet } from './facetsOf.ts';
import type { Item } from './Item.ts';

const MAX_CHARS = 160;
/** Share of a prompt that must be in all prompts for them to count as made from one template. */
const TEMPLATE_SHARE = 0.5;

/**
 * Creates a function that returns the caption of an item: the tags that distinguish it, then the
 * words that only its prompt has; or its seed, if it has neither. A tile may hide the end.
 *
 *     photo of a red cup on slate, soft light      red cup
 *     photo of a blue bowl on slate, soft light    blue bowl
 */
export function createCaptions(items: readonly Item[], facets: readonly Facet[]): (item: Item) => string {
  const tagFacets = facets.filter(({ name }) => name.startsWith('tag '));
  const isSeeded = new Set(items.map(seedOf)).size > 1;
  const differing = differingWords([...new Set(items.map(({ job }) => job.prompt))]);
  return (item) => {
    const tags = tagFacets.map((facet) => spoken(facet, item)).filter(Boolean);
    const parts = [...tags, differing(item.job.prompt)].filter(Boolean);
    const seed = seedOf(item);
    if (parts.length === 0 && isSeeded && seed !== undefined) return `seed ${seed}`;
    return (parts.length === 0 ? item.job.prompt : parts.join(' · ')).slice(0, MAX_CHARS);
  };
}

function seedOf({ job }: Item): string | undefined {
  const { seed } = job.input ?? {};
  return seed === undefined ? undefined : String(seed);
}

/**
 * Returns a function that removes the words that all prompts share: those at the beginning and the
 * end, and those in between if the prompts are made from one template.
 */
function differingWords(prompts: readonly string[]): (prompt: string) => string {
  const [first = '', ...others] = prompts;
  if (others.length === 0) return () => '';
  const words = wordsOf(first);
  let [start, end] = [words.length, words.length];
  let shared = new Set(words.map(bare));
  for (const other of others) {
    const own = wordsOf(other);
    start = Math.min(start, sharedLength(words, own));
    end = Math.min(end, sharedLength(words.toReversed(), own.toReversed()));
    if (shared.size === 0) continue;
    const ownBare = new Set(own.map(bare));
    shared = new Set([...shared].filter((word) => ownBare.has(word)));
  }
  const isTemplate = words.filter((word) => shared.has(bare(word))).length >= words.length * TEMPLATE_SHARE;
  return (prompt) => {
    const own = wordsOf(prompt);
    const middle = own.slice(start, Math.max(start, own.length - end));
    const kept = isTemplate ? middle.filter((word) => !shared.has(bare(word))) : middle;
    return kept.join(' ').replace(/^[,.;:]+|[,.;:]+$/g, '');
  };
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

/** Returns a word without the marks around it, in lower case. */
function bare(word: string): string {
  return word.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
}

/** Returns the number of words at the beginning of both. */
function sharedLength(a: readonly string[], b: readonly string[]): number {
  const different = a.findIndex((word, index) => word !== b[index]);
  return different < 0 ? a.length : different;
}

/** Returns a tag's value, with the tag's name if the value is a bare number. */
function spoken(facet: Facet, item: Item): string {
  const value = facet.valueOf(item);
  return /^\d+$/.test(value) ? `${facet.label.toLowerCase()} ${value}` : value;
}
