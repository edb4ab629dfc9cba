/** A process of the simulated machine. Its actions end with it. */
export interface Process {
  /** Counted from 1 in each world. */
  readonly number: number;
  /** The name of its mount point, which no other process has, of any world. */
  readonly mount: string;
  isAlive: boolean;
}

/** Something that happens at a moment. */
export interface Entry {
  readonly atMs: number;
  readonly order: number;
  /** Null for events outside of the machine. */
  readonly owner: Process | null;
  /** Null once it is cancelled. */
  action: (() => void) | null;
}

/** The events of a world in the order of their time. */
export interface Timeline {
  /** True time, ms since the world began. */
  readonly nowMs: number;
  /** Plans an action; it does not happen if `owner` has ended by then. */
  at(atMs: number, owner: Process | null, action: () => void): Entry;
  after(delayMs: number, owner: Process | null, action: () => void): Entry;
  /** Lets the next thing happen; returns false if nothing is left. */
  step(): boolean;
  /** Returns the time of the next event; Infinity if there is none. */
  nextMs(): number;
  /** Lets time pass until `atMs`, if it is later. */
  pass(atMs: number): void;
}

/** Creates a timeline. `happen` takes the planned actions of a process. */
export function createTimeline(
  happen: (owner: Process | null, action: () => void) => void = (_, action) => action(),
): Timeline {
  let nowMs = 0;
  let order = 0;
  const heap: Entry[] = [];
  const isBefore = (one: Entry, other: Entry) =>
    one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
  const push = (entry: Entry): void => {
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(entry, heap[parent] as Entry)) break;
      heap[at] = heap[parent] as Entry;
      at = parent;
    }
    heap[at] = entry;
  };
  const pop = (): Entry | undefined => {
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child += 1;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
    return first;
  };
  const isOver = ({ action, owner }: Entry) => action === null || owner?.isAlive === false;
  const dropOver = (): void => {
    while (heap[0] !== undefined && isOver(heap[0])) pop();
  };
  const at: Timeline['at'] = (atMs, owner, action) => {
    order += 1;
    const entry = { atMs: Math.max(nowMs, atMs), order, owner, action };
    push(entry);
    return entry;
  };
  return {
    get nowMs() {
      return nowMs;
    },
    at,
    after: (delayMs, owner, action) => at(nowMs + delayMs, owner, action),
    step: () => {
      dropOver();
      const entry = pop();
      if (entry === undefined) return false;
      nowMs = entry.atMs;
      if (entry.action !== null) happen(entry.owner, entry.action);
      return true;
    },
    nextMs: () => {
      dropOver();
      return heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
    },
    pass: (atMs) => {
      nowMs = Math.max(nowMs, atMs);
    },
  };
}
