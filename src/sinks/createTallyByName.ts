/** Where everything is counted once there are too many names. */
const REST = '(others)';

/** One running total a name. */
export interface TallyByName<T> {
  /** Replaces the name's total by what `change` makes of it. */
  update(name: string, change: (total: T) => T): void;
  entries(): [name: string, total: T][];
}

/** Totals by name, of at most `maxNames` names: what comes under further ones is counted together as `(others)`. */
export function createTallyByName<T>(initial: T, maxNames = 1_000): TallyByName<T> {
  const totals = new Map<string, T>();
  return {
    update(name, change) {
      const entry = totals.has(name) || totals.size < maxNames ? name : REST;
      totals.set(entry, change(totals.get(entry) ?? initial));
    },
    entries: () => [...totals],
  };
}
