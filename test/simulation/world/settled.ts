const realSetImmediate = globalThis.setImmediate;

/** Waits until all promises that can settle without time or the outside have settled. */
export const settled = (): Promise<void> => new Promise((resolve) => realSetImmediate(resolve));
