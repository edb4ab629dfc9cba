import type { Chance } from '../world/chance.ts';
import { applied, type Inode, overwritten, PAGE_BYTES } from './inode.ts';

/**
 * The part of unflushed data that a power cut leaves.
 *
 * | part       | names                        | contents                                        |
 * | ---------- | ---------------------------- | ----------------------------------------------- |
 * | `any`      | in each folder the first few | each page as it was at some moment              |
 * | `flushed`  | none                         | none                                            |
 * | `names`    | all                          | none                                            |
 * | `contents` | none                         | all                                             |
 * | `torn`     | all                          | all up to a write, which is torn                |
 * | `some`     | some, in any order           | each page as it was at some moment              |
 * | `most`     | all but one                  | all but one write                               |
 */
export type CutPart = (typeof cutParts)[number];

export const cutParts = ['any', 'flushed', 'names', 'contents', 'torn', 'some', 'most'] as const;

/** Returns which changes of names a power cut leaves. */
export function keeps(
  changes: readonly { readonly folder: string }[],
  part: CutPart,
  chance: Chance,
): (at: number) => boolean {
  switch (part) {
    case 'flushed':
    case 'contents':
      return () => false;
    case 'names':
    case 'torn':
      return () => true;
    case 'some':
      return () => chance.whole('cut.name', 0, 1) === 1;
    case 'most': {
      const missing = chance.whole('cut.missing', 0, changes.length);
      return (at) => at !== missing;
    }
    case 'any': {
      const left = new Map<string, number>();
      for (const { folder } of changes) left.set(folder, (left.get(folder) ?? 0) + 1);
      for (const [folder, pending] of left) left.set(folder, chance.whole('cut.names', 0, pending));
      const first = changes.map(({ folder }) => {
        const more = left.get(folder) ?? 0;
        left.set(folder, more - 1);
        return more > 0;
      });
      return (at) => first[at] === true;
    }
  }
}

/** Returns the content of an unflushed file after a power cut. */
export function leftOf({ data, durable, writes }: Inode, part: CutPart, chance: Chance): Buffer {
  if (part === 'contents') return data;
  if (part === 'flushed' || part === 'names') return durable;
  if (part === 'most') {
    const missing = chance.whole('cut.write', 0, writes.length);
    return writes.toSpliced(missing, 1).reduce(applied, durable);
  }
  const moments = [durable];
  for (const write of writes) moments.push(applied(moments.at(-1) ?? durable, write));
  const reached = part === 'torn' ? writes.length - 1 : chance.whole('cut.reached', 0, writes.length);
  const isTorn = part === 'torn' || (part === 'any' && chance.whole('cut.order', 0, 1) === 1);
  if (!isTorn) return mixedPages(moments.slice(0, reached + 1), moments, chance);
  const next = writes[reached];
  const before = moments[reached] ?? durable;
  if (next === undefined || 'size' in next) return before;
  return overwritten(before, next.at, next.bytes.subarray(0, chance.whole('cut.at', 0, next.bytes.length)));
}

/** Returns a file with each of its pages as it was at some moment. */
function mixedPages(moments: readonly Buffer[], all: readonly Buffer[], chance: Chance): Buffer {
  const pages = Math.ceil(Math.max(...all.map(({ length }) => length)) / PAGE_BYTES);
  const chosen = Array.from({ length: pages }, () => chance.whole('cut.page', 0, moments.length - 1));
  const left = Buffer.alloc(moments[Math.max(0, ...chosen)]?.length ?? 0);
  for (const [page, moment] of chosen.entries()) {
    const start = page * PAGE_BYTES;
    const kept = moments[moment]?.subarray(start, Math.min(start + PAGE_BYTES, left.length));
    if (kept !== undefined) left.set(kept, Math.min(start, left.length));
  }
  return left;
}
