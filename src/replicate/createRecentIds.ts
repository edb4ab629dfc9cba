/** The newest of the ids that came by. */
export interface RecentIds {
  /** Remembers an id; false where it is known already. */
  add(id: string): boolean;
  has(id: string): boolean;
}

/** Remembers so many ids, and forgets the oldest beyond that. */
export function createRecentIds(capacity: number): RecentIds {
  // A Set keeps the order in which they came.
  const ids = new Set<string>();
  return {
    add(id) {
      if (ids.has(id)) return false;
      ids.add(id);
      const [oldest] = ids;
      if (ids.size > capacity && oldest !== undefined) ids.delete(oldest);
      return true;
    },
    has: (id) => ids.has(id),
  };
}
