import type { ModelInput } from './types.ts';

/** Distance to colours of a brand, in a score. */
export interface PaletteScore {
  /** As CSS writes them: `#ff6600`. */
  readonly colours: readonly string[];
  readonly weight: number;
}

/** What pictures are rated by: how much each measure counts; 0 not at all. */
export interface ScoreSpec {
  readonly sharpness?: number | undefined;
  readonly contrast?: number | undefined;
  readonly entropy?: number | undefined;
  readonly colourfulness?: number | undefined;
  readonly exposure?: number | undefined;
  readonly novelty?: number | undefined;
  readonly palette?: PaletteScore | undefined;
}

/** A model of the service that rates pictures. */
export interface ModelScoreSpec {
  /** `owner/name`, or `owner/name:version`. */
  readonly model: string;
  /** Its inputs besides the picture; `{prompt}` in texts stands for the picture's prompt. */
  readonly input: ModelInput;
  /** Of one rating; null: as the price table has it. */
  readonly priceUsd: number | null;
}
