import { createOccurrences } from '../../base/items/occurrences.ts';
import type { InputFiles, Json, ModelInput } from '../../types.ts';
import { checkInput } from '../modelInputs/checkInput.ts';
import type { JobContext } from './jobContext.ts';
import { requestKey } from './requestKey.ts';

/**
 * Throws `UsageError` if seeds that count up from a given number leave the range that the model
 * allows.
 */
export function checkSeeds(rows: number, { schema, seed, count, limit }: JobContext): void {
  const property = schema?.properties.seed;
  if (property === undefined || typeof seed !== 'number') return;
  const jobs = Math.min(rows * count, limit ?? Infinity);
  checkInput('seed', seed, property);
  checkInput('seed', seed + jobs - 1, property);
}

/** The position of a job in its run. */
interface JobPosition {
  /** 0-based index of the job in the run. */
  readonly index: number;
  /** 0-based index of the image among those of its prompt. */
  readonly copy: number;
}

/** Adds the seed of one job to its input, by the run's policy. */
export type Seeder = (input: ModelInput, position: JobPosition, files?: InputFiles) => ModelInput;

/**
 * Creates the seeder of one run; call it for the jobs in their order.
 *
 * `auto` derives a 31-bit number from the request's own hash and counts up for each identical
 * request before it in the run. So every request is unique, and a prompt keeps its seeds when other
 * rows are added or removed. A given seed counts up over the copies of its prompt, as identical
 * requests would make identical images. A model without an integer `seed` gets none.
 */
export function createSeeder(context: JobContext): Seeder {
  const { model, version, schema, seed: policy } = context;
  const property = schema?.properties.seed;
  if (policy === 'none' || (schema !== null && property?.type !== 'integer')) return (input) => input;
  const occurrences = createOccurrences();
  const minimum = Math.max(0, property?.minimum ?? 0);
  const maximum = property?.maximum ?? Number.MAX_SAFE_INTEGER;

  const derived = (input: ModelInput, files: InputFiles): number => {
    const key = requestKey({ model, version, input, files });
    const choices = Math.min(maximum, 2 ** 31 - 1) - minimum + 1;
    return minimum + ((Number.parseInt(key.slice(0, 8), 16) + occurrences.count(key)) % choices);
  };
  const given = (seed: Json, copy: number): Json => {
    if (typeof seed !== 'number' || copy === 0) return seed;
    const next = seed + copy;
    return next <= maximum ? next : minimum + (next - maximum - 1);
  };

  return (input, { index, copy }, files = {}) => {
    const { seed } = input;
    if (seed !== undefined) return { ...input, seed: given(seed, copy) };
    if (policy !== 'auto') return { ...input, seed: policy + index };
    return schema === null ? input : { ...input, seed: derived(input, files) };
  };
}
