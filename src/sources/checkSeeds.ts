import { checkInput } from './checkInput.ts';
import type { JobContext } from './JobContext.ts';

/** Throws `UsageError` where seeds that count up from a given number leave the range that the model allows. */
export function checkSeeds(rows: number, { schema, seed, count, limit }: JobContext): void {
  const property = schema?.properties.seed;
  if (property === undefined || typeof seed !== 'number') return;
  const jobs = Math.min(rows * count, limit ?? Infinity);
  checkInput('seed', seed, property);
  checkInput('seed', seed + jobs - 1, property);
}
