export {
  colourfulness,
  contrast,
  entropy,
  exposure,
  type Measure,
  type Pixels,
  sharpness,
} from './measures.ts';
export { createNovelty, hashDistance, pictureHash } from './novelty.ts';
export { palette } from './palette.ts';
export {
  createScorer,
  type ModelScoreSpec,
  mixMeasures,
  type PaletteScore,
  pixelScorer,
  readPixels,
  type ScoreSpec,
  type WeightedMeasure,
} from './scorer.ts';
