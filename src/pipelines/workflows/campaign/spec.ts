import { z } from 'zod';
import { type RenditionFields, specText } from '../../../renditions/fields.ts';
import { specRendition } from '../../../renditions/lists.ts';
import {
  type BatchSpec,
  namedPrompt,
  type PromptFields,
  readBatchFields,
  type SpecFields,
  specFields,
  uniqueNames,
} from '../../../sources/specs/batchSpec.ts';
import { readBatchSpec, type SpecFilesConfig } from '../../../sources/specs/readSpec.ts';
import type { RenditionSpec } from '../../../types.ts';

/** One of the variations that a campaign makes for every platform. */
export interface CampaignVariation {
  /** Name in folders and tags. */
  readonly name: string;
  /** Its words in the prompt. */
  readonly prompt: string;
}

/** A campaign: one theme, in several variations, for several platforms. */
export interface CampaignSpec extends BatchSpec {
  readonly theme: string;
  readonly style: string;
  /**
   * Template of the prompts, with `{theme}`, `{style}`, `{platform}` and `{variation}`; null for
   * the default one.
   */
  readonly prompt: string | null;
  /** The platforms to make images for, as renditions. */
  readonly platforms: readonly RenditionSpec[];
  readonly variations: readonly CampaignVariation[];
  readonly organize: string;
}

/** A campaign as its file has it. */
export interface CampaignFields extends SpecFields {
  readonly theme: string;
  readonly style?: string | null;
  /** Template with `{theme}`, `{style}`, `{platform}` and `{variation}`. */
  readonly prompt?: string | null;
  /** Sizes to make images for, as renditions: presets or their own keys and values. */
  readonly platforms: readonly (string | RenditionFields)[];
  readonly variations: readonly PromptFields[];
}

/**
 * Reads a campaign spec from a YAML or JSON file, or from an object. Rejects with
 * `UsageError` as `readBatchSpec` does.
 */
export function readCampaignSpec(
  source: string | CampaignFields,
  { allowFiles = [] }: SpecFilesConfig = {},
): Promise<CampaignSpec> {
  return readBatchSpec(source, campaignSpecSchema, { what: 'campaign spec', allowFiles });
}

const promptTemplate = specText.refine(
  (template) => !/\{(?!(theme|style|platform|variation)\})/.test(template),
  'Expected only the placeholders {theme}, {style}, {platform} and {variation}',
);

/** The schema of a campaign file. Strict: unknown keys are mistakes. */
export const campaignSpecSchema = z
  .strictObject({
    ...specFields,
    theme: specText,
    style: z.string().trim().nullish(),
    prompt: promptTemplate.nullish(),
    platforms: z.array(specRendition).min(1),
    variations: z.array(namedPrompt).min(1),
  })
  .superRefine(uniqueNames('platforms', 'variations'))
  .transform(
    (spec): CampaignSpec => ({
      ...readBatchFields(spec),
      theme: spec.theme,
      style: spec.style ?? '',
      prompt: spec.prompt ?? null,
      platforms: spec.platforms,
      variations: spec.variations,
      organize: spec.organize ?? '{platform}/{variation}/{index:04}-{slug}',
    }),
  );

/**
 * Fills the prompt of one image of a campaign: the spec's template, or by default theme, variation
 * and style.
 */
export function campaignPrompt(
  { theme, style, prompt }: CampaignSpec,
  platformName: string,
  variation: CampaignVariation,
): string {
  const template = prompt ?? (style === '' ? '{theme}, {variation}' : '{theme}, {variation}, {style}');
  const words = new Map([
    ['{theme}', theme],
    ['{style}', style],
    ['{platform}', platformName.replaceAll(/[_-]+/g, ' ')],
    ['{variation}', variation.prompt],
  ]);
  // One pass, so that braces inside a theme stay as they are.
  return template.replace(/\{\w+\}/g, (placeholder) => words.get(placeholder) ?? placeholder).trim();
}
