import type { Outcome } from '../types.ts';
import { outcomeSchema } from './outcomeSchema.ts';

/** Reads one line of `manifest.jsonl`; undefined where it is no whole outcome. */
export function parseOutcome(line: string): Outcome | undefined {
  try {
    return outcomeSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
