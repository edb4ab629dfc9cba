import { z } from 'zod';
import { UsageError } from '../errors.ts';
import type { ModelInput, RenditionSpec } from '../types.ts';
import type { CampaignSpec } from './CampaignSpec.ts';
import { parseRendition } from './parseRendition.ts';
import { slug } from './slug.ts';

const text = z.string().trim().min(1);
const sizePx = z.int().min(1).max(16_384);

/** A rendition as text; what the parser says becomes the problem's message. */
const renditionText = z.string().transform((value, context): RenditionSpec => {
  try {
    return parseRendition(value);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.addIssue({ code: 'custom', message: `${error.message}. ${error.suggestion}`.trim() });
    return z.NEVER;
  }
});

const platform = z.union([
  renditionText,
  z
    .strictObject({
      name: z
        .string()
        .regex(
          /^[a-z][a-z0-9_-]{0,39}$/,
          'Expected lower-case letters, digits, _ and -, beginning with a letter',
        ),
      width: sizePx,
      height: sizePx,
      fit: z.enum(['cover', 'contain', 'inside']).default('cover'),
      format: z
        .enum(['jpeg', 'jpg', 'webp', 'avif', 'png'])
        .default('jpeg')
        .transform((format) => (format === 'jpg' ? 'jpeg' : format)),
      quality: z.int().min(1).max(100).default(85),
    })
    .transform(
      ({ width, height, ...rest }): RenditionSpec => ({ ...rest, widthPx: width, heightPx: height }),
    ),
]);

const variation = z.union([
  text.transform((prompt) => ({ name: slug(prompt), prompt })),
  z.strictObject({ name: text, prompt: text }),
]);

const promptTemplate = text.refine(
  (template) => !/\{(?!(theme|style|platform|variation)\})/.test(template),
  'Expected no placeholder but {theme}, {style}, {platform} and {variation}',
);

const input = z.record(z.string(), z.json()).transform((value): ModelInput => value);

/** The shape of a campaign file. Strict: a key that is not here is a mistake, not an extra. */
export const campaignSpecSchema = z
  .strictObject({
    name: text.nullish(),
    model: text
      .regex(/^[\w.-]+\/[\w.-]+(:[0-9a-f]{64})?$/, 'Expected owner/name or owner/name:version')
      .nullish(),
    theme: text,
    style: z.string().trim().nullish(),
    prompt: promptTemplate.nullish(),
    platforms: z.array(platform).min(1),
    variations: z.array(variation).min(1),
    input: input.nullish(),
    renditions: z.array(renditionText).nullish(),
    organize: text.nullish(),
    count: z.int().min(1).nullish(),
    seed: z
      .union([z.literal(['auto', 'none']), z.int().min(0)], 'Expected auto, none or an integer of 0 or more')
      .nullish(),
    budget: z.number().min(0).nullish(),
    price: z.number().min(0).nullish(),
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
    ({ budget, price, ...spec }): CampaignSpec => ({
      name: spec.name ?? null,
      model: spec.model ?? null,
      theme: spec.theme,
      style: spec.style ?? '',
      prompt: spec.prompt ?? null,
      platforms: spec.platforms,
      variations: spec.variations,
      input: spec.input ?? {},
      renditions: spec.renditions ?? [],
      organize: spec.organize ?? '{platform}/{variation}/{index:04}-{slug}',
      count: spec.count ?? null,
      seed: spec.seed ?? null,
      budgetUsd: budget ?? null,
      priceUsd: price ?? null,
    }),
  );
