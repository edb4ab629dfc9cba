import type { RenditionSpec } from '../types.ts';
import type { BatchSpec } from './BatchSpec.ts';

/** One of the ideas that a campaign tries on every platform. */
export interface CampaignVariation {
  /** Names folders and tags. */
  readonly name: string;
  /** Its words in the prompt. */
  readonly prompt: string;
}

/** A campaign: one theme, in several variations, for several platforms. */
export interface CampaignSpec extends BatchSpec {
  readonly theme: string;
  readonly style: string;
  /** Template of the prompts, with `{theme}`, `{style}`, `{platform}` and `{variation}`; null for the usual one. */
  readonly prompt: string | null;
  /** Where the pictures go: each is the rendition that its platform asks for. */
  readonly platforms: readonly RenditionSpec[];
  readonly variations: readonly CampaignVariation[];
  readonly organize: string;
}
