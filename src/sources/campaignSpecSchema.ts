import { z } from 'zod';
import type { CampaignSpec } from './CampaignSpec.ts';
import { readBatchFields } from './readBatchFields.ts';
import { specFields } from './specFields.ts';
import { specRendition } from './specRendition.ts';
import { specText } from './specText.ts';
import { specVariation } from './specVariation.ts';

const promptTemplate = specText.refine(
  (template) => !/\{(?!(theme|style|platform|variation)\})/.test(template),
  'Expected no placeholder but {theme}, {style}, {platform} and {variation}',
);

/** The shape of a campaign file. Strict: a key that is not here is a mistake, not an extra. */
export const campaignSpecSchema = z
  .strictObject({
    ...specFields,
    theme: specText,
    style: z.string().trim().nullish(),
    prompt: promptTemplate.nullish(),
    platforms: z.array(specRendition).min(1),
    variations: z.array(specVariation).min(1),
  })
  .superRefine(({ platforms, variations }, context) => {
    const lists = { platforms, variations };
    for (const [list, items] of Object.entries(lists)) {
      items.forEach(({ name }, place) => {
        if (items.findIndex((other) => other.name === name) === place) return;
        context.addIssue({
          code: 'custom',
          path: [list, place],
          message: `Expected each name once, got ${name} twice`,
        });
      });
    }
  })
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
