/** Decoded, with what an encoder needs beside it, this is some 200 MB; models make pictures of 1 to 20 million pixels. */
const LARGE_PIXELS = 32_000_000;

/** Runs a task on a picture of so many pixels when it is its turn. */
export type PixelTurn = <T>(pixels: number, task: () => Promise<T>) => Promise<T>;

/**
 * Makes a function that runs tasks on small pictures at once, and tasks on large ones one after the other, in the order of
 * the calls. A file of a few kilobytes may hold a picture of a gigabyte: several at a time would take all memory.
 */
export function createPixelTurn(): PixelTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (pixels, task) => {
    if (pixels <= LARGE_PIXELS) return task();
    const mine = last.then(task);
    // Who comes next does not mind how this one ended.
    last = mine.catch(() => {});
    return mine;
  };
}
