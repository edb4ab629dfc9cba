import type { Scorer } from '../ports.ts';
import type { ScoreSpec } from '../scoreSpec.ts';
import { createNovelty } from './createNovelty.ts';
import { measures } from './measures.ts';
import { mixMeasures, type WeightedMeasure } from './mixMeasures.ts';
import { palette } from './palette.ts';
import { pixelScorer } from './pixelScorer.ts';

/**
 * The scorer that a spec describes: the weighted mean of its measures, from one decode of each picture. Throws `UsageError` where
 * none counts, or a colour is none.
 */
export function createScorer({ palette: brand, novelty = 0, ...weights }: ScoreSpec): Scorer {
  const parts: WeightedMeasure[] = Object.entries(measures).map(([name, measure]) => ({
    measure,
    weight: weights[name as keyof typeof measures] ?? 0,
  }));
  parts.push({ measure: createNovelty(), weight: novelty });
  if (brand !== undefined) parts.push({ measure: palette(brand.colours), weight: brand.weight });
  return pixelScorer(mixMeasures(parts.filter(({ weight }) => weight !== 0)));
}
