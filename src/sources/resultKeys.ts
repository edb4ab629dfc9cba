import { hash } from 'node:crypto';
import type { ModelInput } from '../types.ts';
import { createOccurrences } from './createOccurrences.ts';

export interface ResultKeysConfig {
  /**
   * Whether a result without a seed may be used again too: the n-th of several equal requests gets what the n-th one got
   * before. Default false, because each of them is meant to differ.
   */
  reuseUnseeded?: boolean;
}

/**
 * Tells which jobs have results that others, or other runs, can use: those with equal keys have equal results. Undefined
 * for a request without a seed, since the model answers it anew each time. To be asked for all jobs of a run, in order.
 */
export function resultKeys(
  config: ResultKeysConfig = {},
): (key: string, input: ModelInput) => string | undefined {
  const { reuseUnseeded = false } = config;
  const occurrences = createOccurrences();
  return (key, input) => {
    if (hasSeed(input)) return key;
    return reuseUnseeded ? hash('sha256', `${key} ${occurrences.count(key)}`, 'hex') : undefined;
  };
}

/** Some models take a negative seed for none. */
function hasSeed({ seed }: ModelInput): boolean {
  return typeof seed === 'number' && Number.isInteger(seed) && seed >= 0;
}
