import { totalmem } from 'node:os';
import { UsageError } from '../errors.ts';

/** The default for all images in work together. */
const MOST_BYTES = 1_000_000_000;
/** Memory for the process itself: Node, sharp, the journal, and the state of a run. */
const OWN_BYTES = 300_000_000;
/** The part of the memory that images get at least. */
const LEAST_PART = 0.25;

interface BudgetConfig {
  /** The value of `RXPOSURE_IMAGE_MB`. Default: that of the process. */
  setting?: string | undefined;
  /** Memory that the process may use. Default: as its container or the machine limits it. */
  availableBytes?: number;
}

/**
 * Returns the memory for decoding and encoding images: `RXPOSURE_IMAGE_MB`, else 1 GB, or the rest
 * of the limit of the container or the machine if the process itself keeps 300 MB; at least a
 * quarter of that limit. Throws `UsageError` if the setting is no number of 1 or more.
 */
export function imageBudgetBytes(config: BudgetConfig = {}): number {
  const { setting = process.env.RXPOSURE_IMAGE_MB, availableBytes = availableMemory() } = config;
  if (setting !== undefined && setting.trim() !== '') return 1_000_000 * megabytes(setting);
  const left = Math.max(availableBytes - OWN_BYTES, availableBytes * LEAST_PART);
  return Math.floor(Math.min(MOST_BYTES, left));
}

function megabytes(setting: string): number {
  const number = Number(setting);
  if (Number.isFinite(number) && number >= 1) return number;
  throw new UsageError(
    `Expected \`RXPOSURE_IMAGE_MB\` to be a number of megabytes, 1 or more, got ${setting}`,
  );
}

function availableMemory(): number {
  // Zero, or more than there is, if nothing limits the process.
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** The memory that tasks on images share. */
export interface ImageMemory {
  readonly budgetBytes: number;
  /** Memory from which an image counts as large. */
  readonly largeBytes: number;
  /** Memory in use. */
  readonly usedBytes: number;
  /**
   * Resolves when so much memory is free, in the order of the calls. A task that needs more than
   * all of it waits until it is alone.
   */
  enter(bytes: number): Promise<MemoryShare>;
  /** Runs a task that needs so much memory when it is free. */
  within<T>(bytes: number, task: () => Promise<T>): Promise<T>;
  /** Runs a task when all such tasks before it have ended, however they ended. */
  inTurn<T>(task: () => Promise<T>): Promise<T>;
}

/** A part of the memory, held by one task. */
export interface MemoryShare {
  /** Gives back all but so many bytes. */
  shrink(bytes: number): void;
  /** Gives back all of it. Calling it again does nothing. */
  leave(): void;
}

/** Decoding takes at least this much before it counts as large. */
const LARGE_BYTES = 256_000_000;

/** Creates the memory for images. */
export function createImageMemory(budgetBytes: number): ImageMemory {
  const line: { readonly bytes: number; readonly enter: () => void }[] = [];
  let usedBytes = 0;
  let last: Promise<unknown> = Promise.resolve();

  const admit = () => {
    for (let next = line[0]; next !== undefined; next = line[0]) {
      if (usedBytes > 0 && usedBytes + next.bytes > budgetBytes) return;
      line.shift();
      usedBytes += next.bytes;
      next.enter();
    }
  };
  const shareOf = (bytes: number): MemoryShare => {
    let held = bytes;
    const shrink = (left: number) => {
      const freed = Math.max(0, held - left);
      held -= freed;
      usedBytes -= freed;
      admit();
    };
    return { shrink, leave: () => shrink(0) };
  };
  const enter = (bytes: number): Promise<MemoryShare> =>
    new Promise((resolve) => {
      line.push({ bytes, enter: () => resolve(shareOf(bytes)) });
      admit();
    });
  return {
    budgetBytes,
    largeBytes: Math.min(LARGE_BYTES, budgetBytes / 2),
    get usedBytes() {
      return usedBytes;
    },
    enter,
    async within(bytes, task) {
      const share = await enter(bytes);
      try {
        return await task();
      } finally {
        share.leave();
      }
    },
    inTurn(task) {
      const mine = last.then(task);
      // The next task runs even if this one fails.
      last = mine.catch(() => {});
      return mine;
    },
  };
}

let shared: ImageMemory | undefined;

/** Returns the memory for images that all of this process shares. Throws as `imageBudgetBytes`. */
export function sharedImageMemory(): ImageMemory {
  shared ??= createImageMemory(imageBudgetBytes());
  return shared;
}
