/** Levels of lists and objects that an input may have. */
const MOST_LEVELS = 100;
/** Characters and values that an input may have once its aliases are expanded. */
const MOST_EXPANDED = 2_000_000;

/** Describes nesting that is too deep, in words that follow `Expected`. */
export const tooDeep = `at most ${MOST_LEVELS} levels of lists and objects, got more`;

/** The measures of a value: levels of lists and objects in it, characters and values in all. */
interface Measures {
  readonly levels: number;
  readonly expanded: number;
}

/** The objects that were measured before, so that a value which many share is measured once. */
export type KnownMeasures = Map<object, Measures>;

/**
 * Describes why a parsed value must not be handled, in words that follow `Expected`; null if it
 * may. Deep nesting would end in a stack overflow, and aliases of YAML may stand for more than any
 * memory holds, or for themselves. Takes time by the size of the text, not by its expanded size.
 */
export function nestingFault(value: unknown, known: KnownMeasures = new Map()): string | null {
  const { levels, expanded } = measured(value, 0, known);
  if (levels > MOST_LEVELS) return tooDeep;
  if (expanded <= MOST_EXPANDED) return null;
  return `at most ${MOST_EXPANDED} characters with all aliases in their place, got more`;
}

/**
 * Returns true if a value that JSON stands for, so that nothing in it is shared, has more levels
 * than `nestingFault` allows. Quick, because every row is asked.
 */
export function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === MOST_LEVELS) return true;
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const part of parts) if (isTooDeep(part, depth + 1)) return true;
  return false;
}

const TOO_DEEP: Measures = { levels: Number.POSITIVE_INFINITY, expanded: 0 };

function measured(value: unknown, depth: number, known: KnownMeasures): Measures {
  if (typeof value === 'string') return { levels: 0, expanded: value.length };
  if (typeof value !== 'object' || value === null) return { levels: 0, expanded: 1 };
  const before = known.get(value);
  if (before !== undefined) return before;
  if (depth > MOST_LEVELS) return TOO_DEEP;
  // Met again before it is measured, it contains itself.
  known.set(value, TOO_DEEP);
  let levels = 0;
  let expanded = 1;
  const add = (part: unknown): void => {
    const inner = measured(part, depth + 1, known);
    levels = Math.max(levels, inner.levels);
    expanded += inner.expanded;
  };
  if (Array.isArray(value)) for (const part of value) add(part);
  else {
    for (const [name, part] of Object.entries(value)) {
      expanded += name.length;
      add(part);
    }
  }
  const own = { levels: levels + 1, expanded };
  known.set(value, own);
  return own;
}
