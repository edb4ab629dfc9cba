import { availableParallelism } from 'node:os';

/** Threads of Node's pool where the environment does not say how many. */
const POOL_THREADS = 4;

export interface EncoderPlacesConfig {
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
export function encoderPlaces(config: EncoderPlacesConfig = {}): number {
  const { cores = availableParallelism(), poolSize = process.env.UV_THREADPOOL_SIZE } = config;
  const told = Number.parseInt(poolSize ?? '', 10);
  const threads = told > 0 ? told : POOL_THREADS;
  return Math.max(1, Math.min(cores, threads - 1));
}
