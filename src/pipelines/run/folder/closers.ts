/**
 * The parts that are open. `close` closes them all, the last opened first, and may be called again.
 */
export interface Closers {
  add(close: () => void | Promise<void>): void;
  /**
   * Closes all parts, also after an error. Rejects with the last error, that of the part opened
   * first: the journal's advice on a lost folder counts more than that of a destination in it.
   */
  close(): Promise<void>;
}

/** Creates the list of a run's open files and connections. */
export function createClosers(): Closers {
  const open: (() => void | Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const closeEach = async () => {
    const errors: unknown[] = [];
    for (const close of open.toReversed()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors.at(-1);
  };
  return {
    add: (close) => {
      open.push(close);
    },
    close: () => {
      closing ??= closeEach();
      return closing;
    },
  };
}
