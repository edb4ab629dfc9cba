/** The items of a YAML list that have anchors, for later items that use them. */
export interface YamlAnchors {
  /**
   * Returns the lines of the items whose anchors an item uses, in the order of the file; null if
   * they are too long together.
   */
  usedBy(lines: readonly string[]): readonly string[] | null;
  /** Notes the anchors of an item that was read. */
  add(lines: readonly string[]): void;
}

/** An item with anchors. */
interface AnchoredItem {
  readonly number: number;
  readonly lines: readonly string[];
  readonly chars: number;
  /** The items whose anchors it uses: as they were when it was read. */
  readonly uses: readonly AnchoredItem[];
  /** Number of anchors by which it is known still. */
  known: number;
}

/** An anchor or an alias, or a text that looks like one: a name too many does no harm. */
const MARKS = /(?<![^\s,[\]{}:?-])([&*])([^\s,[\]{}]+)/g;

/** Items that one item uses are parsed again with it. */
export const mostAnchorChars = 100_000;
/** Items with anchors that are remembered. */
const MOST_CHARS = 1_000_000;

/**
 * Creates a memory of anchors. It holds items of at most a million characters and forgets the
 * oldest ones; an alias of a forgotten item is unresolved, as one without an anchor.
 */
export function createYamlAnchors(): YamlAnchors {
  const itemOf = new Map<string, AnchoredItem>();
  let number = 0;
  let chars = 0;
  const forget = (name: string): void => {
    const item = itemOf.get(name);
    if (item === undefined) return;
    itemOf.delete(name);
    item.known -= 1;
    if (item.known === 0) chars -= item.chars;
  };
  const usesOf = (lines: readonly string[]): AnchoredItem[] =>
    itemOf.size === 0 ? [] : namesIn(lines, '*').flatMap((name) => itemOf.get(name) ?? []);
  return {
    usedBy(lines) {
      const found = new Set<AnchoredItem>();
      let foundChars = 0;
      const open = usesOf(lines);
      for (let item = open.pop(); item !== undefined; item = open.pop()) {
        if (found.has(item)) continue;
        found.add(item);
        foundChars += item.chars;
        if (foundChars > mostAnchorChars) return null;
        open.push(...item.uses);
      }
      return [...found].sort((a, b) => a.number - b.number).flatMap((item) => item.lines);
    },
    add(lines) {
      const names = new Set(namesIn(lines, '&'));
      if (names.size === 0) return;
      number += 1;
      const size = lines.reduce((sum, line) => sum + line.length + 1, 0);
      const item = { number, lines, chars: size, uses: usesOf(lines), known: names.size };
      for (const name of names) forget(name);
      for (const name of names) itemOf.set(name, item);
      chars += size;
      for (const oldest of itemOf.keys()) {
        if (chars <= MOST_CHARS) break;
        forget(oldest);
      }
    },
  };
}

function namesIn(lines: readonly string[], mark: '&' | '*'): string[] {
  return lines.flatMap((line) =>
    line.includes(mark)
      ? [...line.matchAll(MARKS)].flatMap(([, kind, name = '']) => (kind === mark ? [name] : []))
      : [],
  );
}
