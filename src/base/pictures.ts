import { availableParallelism } from 'node:os';

/** Threads of Node's pool if the environment sets no number. */
const POOL_THREADS = 4;

interface EncoderConcurrencyConfig {
  /** Default: the cores that the process may use. */
  cores?: number;
  /** The value of `UV_THREADPOOL_SIZE`. Default: that of the process. */
  poolSize?: string | undefined;
}

/**
 * Returns the number of images that are worth decoding and encoding at a time: one a core, but
 * fewer than the threads of Node's pool, which sharp shares with file access. Set the size of the
 * pool in the environment (`UV_THREADPOOL_SIZE`): once a program runs, the pool is in use.
 */
export function encoderConcurrency(config: EncoderConcurrencyConfig = {}): number {
  const { cores = availableParallelism(), poolSize = process.env.UV_THREADPOOL_SIZE } = config;
  const wanted = Number.parseInt(poolSize ?? '', 10);
  const threads = wanted > 0 ? wanted : POOL_THREADS;
  return Math.max(1, Math.min(cores, threads - 1));
}

/** What may precede the root element of an SVG. */
const BEFORE_SVG = /\s+|<\?xml[^>]*>|<!--[\s\S]*?-->|<!DOCTYPE svg[^>]*>/iy;
const SVG_START = /<svg[\s>]/iy;

/**
 * Returns true if a file that begins with these bytes is an SVG, which has no signature but its
 * text. Takes linear time.
 */
export function isSvg(head: Uint8Array): boolean {
  const text = new TextDecoder().decode(head);
  BEFORE_SVG.lastIndex = 0;
  let at = 0;
  while (BEFORE_SVG.test(text)) at = BEFORE_SVG.lastIndex;
  SVG_START.lastIndex = at;
  return SVG_START.test(text);
}

/** Returns the media type for a format, `application/octet-stream` for an unknown one. */
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
