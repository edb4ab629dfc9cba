import type { CampaignSpec, CampaignVariation } from './CampaignSpec.ts';

/** The prompt of one picture of a campaign: the spec's template filled in, or theme, variation and style in a row. */
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
  // One pass, so that braces inside a theme stay what they are.
  return template.replace(/\{\w+\}/g, (placeholder) => words.get(placeholder) ?? placeholder).trim();
}
