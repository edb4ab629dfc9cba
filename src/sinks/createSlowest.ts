import type { Outcome } from '../types.ts';
import type { SlowImage } from './Report.ts';

const KEPT = 10;
const MAX_PROMPT_CHARS = 200;

/** The images that took longest. */
export interface Slowest {
  add(outcome: Outcome, predictSeconds: number): void;
  /** At most ten, longest first. */
  list(): readonly SlowImage[];
}

/** Remembers the ten slowest of any number of images. */
export function createSlowest(): Slowest {
  let kept: readonly SlowImage[] = [];
  return {
    add(outcome, predictSeconds) {
      if (kept.length === KEPT && predictSeconds <= (kept.at(-1)?.predictSeconds ?? 0)) return;
      const { index, predictionId, model, prompt } = outcome;
      const image = { index, predictionId, model, prompt: prompt.slice(0, MAX_PROMPT_CHARS), predictSeconds };
      kept = [...kept, image].sort((a, b) => b.predictSeconds - a.predictSeconds).slice(0, KEPT);
    },
    list: () => kept,
  };
}
