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

const XML_DECLARATION = /\s*(?:<\?xml[^>]*>\s*)?/y;
/** One part before the element a match: a repeat would be tried in all its splits. */
const BEFORE_SVG = /(?:<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!DOCTYPE svg[^>[]*(?:\[[^\]]*\]\s*)?>)\s*/iy;
const SVG_ELEMENT = /<svg[\s>]/iy;

/**
 * Returns true if a file that begins with these bytes is an SVG, which has no signature but its
 * text. Takes linear time.
 */
export function isSvg(head: Uint8Array): boolean {
  const text = new TextDecoder().decode(head);
  let at = endOfMatch(XML_DECLARATION, text, 0) ?? 0;
  for (let end: number | null = at; end !== null; end = endOfMatch(BEFORE_SVG, text, at)) at = end;
  return endOfMatch(SVG_ELEMENT, text, at) !== null;
}

/** Returns where a sticky expression ends that matches at this place; null if it does not. */
function endOfMatch(expression: RegExp, text: string, at: number): number | null {
  expression.lastIndex = at;
  return expression.test(text) ? expression.lastIndex : null;
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
