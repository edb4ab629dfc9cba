import type { ModelInput, RenditionSpec } from '../types.ts';

/** One of the ideas that a campaign tries on every platform. */
export interface CampaignVariation {
  /** Names folders and tags. */
  readonly name: string;
  /** Its words in the prompt. */
  readonly prompt: string;
}

/** A campaign: one theme, in several variations, for several platforms. */
export interface CampaignSpec {
  /** Null where the spec leaves it to the caller; likewise all that may be null below. */
  readonly name: string | null;
  /** `owner/name`, perhaps with `:version`. */
  readonly model: string | null;
  readonly theme: string;
  readonly style: string;
  /** Template of the prompts, with `{theme}`, `{style}`, `{platform}` and `{variation}`. */
  readonly prompt: string | null;
  /** Where the pictures go: each is the rendition that its platform asks for. */
  readonly platforms: readonly RenditionSpec[];
  readonly variations: readonly CampaignVariation[];
  readonly input: ModelInput;
  /** Renditions of every picture besides the platform's. */
  readonly renditions: readonly RenditionSpec[];
  readonly organize: string;
  readonly count: number | null;
  readonly seed: 'auto' | 'none' | number | null;
  readonly budgetUsd: number | null;
  /** Of one output image. */
  readonly priceUsd: number | null;
}
