import type { Job } from '../../src/types.ts';

export function jobOf(changes: Partial<Job> = {}): Job {
  const job = {
    index: 0,
    prompt: 'a cat',
    model: 'owner/name',
    version: null,
    input: {},
    tags: {},
    renditions: [],
  };
  return { ...job, ...changes };
}
