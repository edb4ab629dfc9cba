/**
 * Values in order of arrival. Joining, leaving and taking cost the same, however many values wait.
 */
interface FifoQueue<T> {
  readonly size: number;
  /**
   * Adds a value at the end. Returns a function that removes it again, unless it is out already.
   */
  join(value: T): () => void;
  /** Takes the value that has waited longest; undefined if none waits. */
  takeFirst(): T | undefined;
}

interface Entry<T> {
  readonly value: T;
  ahead: Entry<T> | null;
  behind: Entry<T> | null;
  isQueued: boolean;
}

/**
 * Creates an empty queue: a doubly linked list. An array would move all its values for each that
 * leaves, and a Set would step over the holes that removed values leave: both are quadratic.
 */
export function createFifoQueue<T>(): FifoQueue<T> {
  let first: Entry<T> | null = null;
  let last: Entry<T> | null = null;
  let size = 0;

  const leave = (entry: Entry<T>) => {
    if (!entry.isQueued) return;
    entry.isQueued = false;
    if (entry.ahead === null) first = entry.behind;
    else entry.ahead.behind = entry.behind;
    if (entry.behind === null) last = entry.ahead;
    else entry.behind.ahead = entry.ahead;
    size -= 1;
  };
  return {
    get size() {
      return size;
    },
    join(value) {
      const entry: Entry<T> = { value, ahead: last, behind: null, isQueued: true };
      if (last === null) first = entry;
      else last.behind = entry;
      last = entry;
      size += 1;
      return () => leave(entry);
    },
    takeFirst() {
      if (first === null) return undefined;
      const { value } = first;
      leave(first);
      return value;
    },
  };
}
