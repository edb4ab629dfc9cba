import { hash } from 'node:crypto';

/** A compact counter of texts. */
export interface Occurrences {
  /** Counts a text, and returns how often it was counted before. */
  count(text: string): number;
  /** Returns how often a text was counted. */
  timesOf(text: string): number;
}

/** Three numbers per slot: two halves of the text's hash, and its count (0 if the slot is free). */
const numbersPerSlot = 3;
const slotsPerPage = 1024;
const mostUsed = slotsPerPage * 0.75;

/** The texts whose hashes have the same lowest `depth` bits in their first half. */
interface Page {
  readonly numbers: Uint32Array;
  depth: number;
  used: number;
}

/**
 * Creates a counter that stores 64 bits of each text's hash instead of the text. Among a million
 * texts, two are mistaken for one with a chance of 1 in 30 million; then only a count is wrong.
 *
 * It is an extendible hash table (Fagin et al., 1979): a page that is three quarters full is split
 * in two. So it takes 16 to 32 bytes a text, and is never copied as a whole: the memory of a table
 * that doubles is not given back by the allocator of the C library.
 */
export function createOccurrences(): Occurrences {
  let pages = [createPage(0)];
  const before = new Uint32Array(slotsPerPage * numbersPerSlot);

  const pageOf = (high: number): Page => pages[high & (pages.length - 1)] as Page;

  const split = (page: Page, high: number): void => {
    const bit = 1 << page.depth;
    if (bit === pages.length) pages = [...pages, ...pages];
    page.depth += 1;
    page.used = 0;
    const other = createPage(page.depth);
    for (let at = (high & (bit - 1)) + bit; at < pages.length; at += 2 * bit) pages[at] = other;
    before.set(page.numbers);
    page.numbers.fill(0);
    for (let from = 0; from < before.length; from += numbersPerSlot) {
      const [first = 0, second = 0, times = 0] = before.subarray(from, from + numbersPerSlot);
      if (times > 0) add(pageOf(first), first, second, times);
    }
  };

  const count = (text: string): number => {
    const [high, low] = halvesOf(text);
    let page = pageOf(high);
    while (page.used >= mostUsed) {
      split(page, high);
      page = pageOf(high);
    }
    return add(page, high, low, 1);
  };
  const timesOf = (text: string): number => {
    const [high, low] = halvesOf(text);
    const page = pageOf(high);
    return page.numbers[offsetOf(page, high, low) + 2] ?? 0;
  };

  return { count, timesOf };
}

function createPage(depth: number): Page {
  return { numbers: new Uint32Array(slotsPerPage * numbersPerSlot), depth, used: 0 };
}

function halvesOf(text: string): [high: number, low: number] {
  const digest = hash('sha256', text, 'buffer');
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}

/** Adds to the count of a hash, and returns it as it was before. */
function add(page: Page, high: number, low: number, more: number): number {
  const at = offsetOf(page, high, low);
  const times = page.numbers[at + 2] ?? 0;
  if (times === 0) page.used += 1;
  page.numbers[at] = high;
  page.numbers[at + 1] = low;
  page.numbers[at + 2] = times + more;
  return times;
}

/**
 * Returns the offset of this hash, or of the free slot where it belongs. A quarter of the slots is
 * free, so the walk ends.
 */
function offsetOf({ numbers }: Page, high: number, low: number): number {
  let slot = low & (slotsPerPage - 1);
  for (;;) {
    const at = slot * numbersPerSlot;
    if (numbers[at + 2] === 0 || (numbers[at] === high && numbers[at + 1] === low)) return at;
    slot = (slot + 1) & (slotsPerPage - 1);
  }
}
