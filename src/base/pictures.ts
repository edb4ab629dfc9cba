import { availableParallelism } from 'node:os';

/** Threads of Node's pool where the environment does not say how many. */
const POOL_THREADS = 4;

interface EncoderPlacesConfig {
  /** Default: those that the process may use. */
  cores?: number;
  /** As the environment has it. Default: that of the process. */
  poolSize?: string | undefined;
}

/**
 * How many pictures are worth decoding and encoding at a time: one a core, but fewer than Node's pool has threads, in which sharp
 * works and files are read and written too. The pool's size is for the environment to say (`UV_THREADPOOL_SIZE`): when a program
 * begins it is in use already.
 */
export function encoderConcurrency(config: EncoderPlacesConfig = {}): number {
  const { cores = availableParallelism(), poolSize = process.env.UV_THREADPOOL_SIZE } = config;
  const told = Number.parseInt(poolSize ?? '', 10);
  const threads = told > 0 ? told : POOL_THREADS;
  return Math.max(1, Math.min(cores, threads - 1));
}

/** Decoded, with what an encoder needs beside it, this is some 200 MB; models make pictures of 1 to 20 million pixels. */
const LARGE_PIXELS = 32_000_000;

/** Runs a task on a picture of so many pixels when it is its turn. */
export type PixelTurn = <T>(pixels: number, task: () => Promise<T>) => Promise<T>;

/**
 * Makes a function that runs tasks on small pictures at once, and tasks on large ones one after the other, in the order of
 * the calls. A file of a few kilobytes may hold a picture of a gigabyte: several at a time would take all memory.
 */
export function createLargeImageLock(): PixelTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (pixels, task) => {
    if (pixels <= LARGE_PIXELS) return task();
    const mine = last.then(task);
    // Who comes next does not mind how this one ended.
    last = mine.catch(() => {});
    return mine;
  };
}

const SVG_START = /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]/i;

/** Whether a file that begins like this is an SVG, which has no signature but its own text. */
export function isSvg(head: Uint8Array): boolean {
  return SVG_START.test(new TextDecoder().decode(head));
}

/** The media type of a file by the format that it was recognised as. */
export function contentTypeOf(format: string): string {
  return types[format] ?? 'application/octet-stream';
}

const types: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  avif: 'image/avif',
  gif: 'image/gif',
  tiff: 'image/tiff',
  svg: 'image/svg+xml',
  mp4: 'video/mp4',
  webm: 'video/webm',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
};
