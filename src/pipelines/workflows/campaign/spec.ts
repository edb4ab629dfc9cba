import { z } from 'zod';
import { type PlatformRendition, type RenditionFields, specText } from '../../../renditions/fields.ts';
import { specPlatform } from '../../../renditions/lists.ts';
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
  /** Words of platforms, by their name: see `campaignPrompt`. Default: none. */
  readonly platformPrompts?: Readonly<Record<string, string>>;
  readonly variations: readonly CampaignVariation[];
  readonly organize: string;
}

/** A platform of a campaign: its size as a rendition, and words for its prompts. */
export interface PlatformFields extends RenditionFields {
  /**
   * Words that are added to the end of its prompts. With a placeholder (`{theme}`, …) it is the
   * template of its prompts, in place of the campaign's. Default: none.
   */
  readonly prompt?: string;
}

/** A campaign as its file has it. */
export interface CampaignFields extends SpecFields {
  readonly theme: string;
  readonly style?: string | null;
  /** Template with `{theme}`, `{style}`, `{platform}` and `{variation}`. */
  readonly prompt?: string | null;
  /** Sizes to make images for, as renditions: presets or their own keys and values. */
  readonly platforms: readonly (string | PlatformFields)[];
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

const unknownPlaceholder = /\{(?!(theme|style|platform|variation)\})/;
const onlyKnown = 'Expected only the placeholders {theme}, {style}, {platform} and {variation}';

const promptTemplate = specText.refine((template) => !unknownPlaceholder.test(template), onlyKnown);

/** The schema of a campaign file. Strict: unknown keys are mistakes. */
export const campaignSpecSchema = z
  .strictObject({
    ...specFields,
    theme: specText,
    style: z.string().trim().nullish(),
    prompt: promptTemplate.nullish(),
    platforms: z.array(specPlatform).min(1),
    variations: z.array(namedPrompt).min(1),
  })
  .superRefine(uniqueNames('platforms', 'variations'))
  .superRefine(({ platforms }, context) => {
    platforms.forEach(({ prompt = '' }: PlatformRendition, index) => {
      if (!unknownPlaceholder.test(prompt)) return;
      context.addIssue({ code: 'custom', path: ['platforms', index, 'prompt'], message: onlyKnown });
    });
  })
  .transform(
    (spec): CampaignSpec => ({
      ...readBatchFields(spec),
      theme: spec.theme,
      style: spec.style ?? '',
      prompt: spec.prompt ?? null,
      ...platformsOf(spec.platforms),
      variations: spec.variations,
      organize: spec.organize ?? '{platform}/{variation}/{index:04}-{slug}',
    }),
  );

/** Separates the platforms from their words. */
function platformsOf(
  platforms: readonly PlatformRendition[],
): Pick<CampaignSpec, 'platforms' | 'platformPrompts'> {
  const words = platforms.flatMap(({ name, prompt }) =>
    prompt === undefined ? [] : [[name, prompt] as const],
  );
  return {
    platforms: platforms.map(({ prompt: _words, ...platform }) => platform),
    ...(words.length === 0 ? {} : { platformPrompts: Object.fromEntries(words) }),
  };
}

/**
 * Fills the prompt of one image of a campaign: the spec's template, or by default theme, variation
 * and style; then the words of its platform. Words of a platform with a placeholder are its
 * template, in place of the spec's.
 */
export function campaignPrompt(
  { theme, style, prompt, platformPrompts = {} }: CampaignSpec,
  platformName: string,
  variation: CampaignVariation,
): string {
  const usual = prompt ?? (style === '' ? '{theme}, {variation}' : '{theme}, {variation}, {style}');
  const own = Object.hasOwn(platformPrompts, platformName) ? platformPrompts[platformName] : undefined;
  const template = own === undefined ? usual : withPlatform(usual, own);
  const words = new Map([
    ['{theme}', theme],
    ['{style}', style],
    ['{platform}', platformName.replaceAll(/[_-]+/g, ' ')],
    ['{variation}', variation.prompt],
  ]);
  // One pass, so that braces inside a theme stay as they are.
  return template.replace(/\{\w+\}/g, (placeholder) => words.get(placeholder) ?? placeholder).trim();
}

function withPlatform(usual: string, own: string): string {
  if (/\{\w+\}/.test(own)) return own;
  return /[.!?]$/.test(usual) ? `${usual} ${own}` : `${usual}, ${own}`;
}
