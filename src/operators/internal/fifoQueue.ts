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

interface Place<T> {
  readonly value: T;
  ahead: Place<T> | null;
  behind: Place<T> | null;
  isTaken: boolean;
}

/**
 * Creates an empty queue: a doubly linked list. An array would move all its values for each that
 * leaves, and a Set would step over the holes that removed values leave: both are quadratic.
 */
export function createFifoQueue<T>(): FifoQueue<T> {
  let first: Place<T> | null = null;
  let last: Place<T> | null = null;
  let size = 0;

  const leave = (place: Place<T>) => {
    if (!place.isTaken) return;
    place.isTaken = false;
    if (place.ahead === null) first = place.behind;
    else place.ahead.behind = place.behind;
    if (place.behind === null) last = place.ahead;
    else place.behind.ahead = place.ahead;
    size -= 1;
  };
  return {
    get size() {
      return size;
    },
    join(value) {
      const place: Place<T> = { value, ahead: last, behind: null, isTaken: true };
      if (last === null) first = place;
      else last.behind = place;
      last = place;
      size += 1;
      return () => leave(place);
    },
    takeFirst() {
      if (first === null) return undefined;
      const { value } = first;
      leave(first);
      return value;
    },
  };
}
