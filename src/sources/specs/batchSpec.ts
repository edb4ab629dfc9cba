import { z } from 'zod';
import { EXPECTED_MODEL, MODEL_REFERENCE } from '../../base/modelName.ts';
import { type RenditionFields, specText } from '../../renditions/fields.ts';
import { specRendition } from '../../renditions/lists.ts';
import {
  type ModelInput,
  type Quality,
  qualityLevels,
  type RenditionSpec,
  type UseCase,
  useCases,
} from '../../types.ts';
import { slug } from '../planning/fileNames.ts';

/** The requirements of a model, if a spec leaves the choice to the catalogue. */
export interface ModelWish {
  readonly maxCostUsd?: number | undefined;
  readonly minQuality?: Quality | undefined;
  readonly useCase?: UseCase | undefined;
}

/** The fields that all specs share. Null leaves the choice to the caller. */
export interface BatchSpec {
  /** Names the run folder. */
  readonly name: string | null;
  /** `owner/name`, optionally with `:version`, or the requirements of a model. */
  readonly model: string | ModelWish | null;
  readonly input: ModelInput;
  /** Renditions of every image. */
  readonly renditions: readonly RenditionSpec[];
  readonly organize: string | null;
  readonly count: number | null;
  readonly seed: 'auto' | 'none' | number | null;
  readonly budgetUsd: number | null;
  /** Price of one output image. */
  readonly priceUsd: number | null;
}

/** The keys that all specs may have, as their files have them. Null is as good as absent. */
export interface SpecFields {
  /** Names the run folder of a script. */
  readonly name?: string | null;
  /** `owner/name`, optionally with `:version`, or the requirements of a model. */
  readonly model?: string | ModelWish | null;
  /** Model inputs of every image. */
  readonly input?: ModelInput | null;
  /** Renditions of every image: keys and values, `instagram_post`, or `thumb=320x240,inside`. */
  readonly renditions?: readonly (string | RenditionFields)[] | null;
  readonly organize?: string | null;
  /** Images of each combination. */
  readonly count?: number | null;
  readonly seed?: 'auto' | 'none' | number | null;
  /** In dollars. */
  readonly budget?: number | null;
  /** Of one output image, in dollars. */
  readonly price?: number | null;
}

/** A prompt, or one with a name for folders and tags. */
export type PromptFields = string | { readonly name: string; readonly prompt: string };

/** Reads the fields that all specs share; missing ones become null or empty. */
export function readBatchFields(fields: z.output<z.ZodObject<typeof specFields>>): BatchSpec {
  return {
    name: fields.name ?? null,
    model: fields.model ?? null,
    input: fields.input ?? {},
    renditions: fields.renditions ?? [],
    organize: fields.organize ?? null,
    count: fields.count ?? null,
    seed: fields.seed ?? null,
    budgetUsd: fields.budget ?? null,
    priceUsd: fields.price ?? null,
  };
}

/** A model in a spec: `owner/name`, `owner/name:version` or `deployments/owner/name`. */
export const modelName = specText.regex(MODEL_REFERENCE, {
  error: ({ input }) => `Expected ${EXPECTED_MODEL}, got ${JSON.stringify(input)}`,
});

const modelWish = z.strictObject({
  maxCostUsd: z.number().min(0).optional(),
  minQuality: z.enum(qualityLevels).optional(),
  useCase: z.enum(useCases).optional(),
});

/** The fields that every spec may have; `readBatchFields` reads them. */
export const specFields = {
  name: specText.nullish(),
  model: z.union([modelName, modelWish]).nullish(),
  input: z
    .record(z.string(), z.json())
    .transform((value): ModelInput => value)
    .nullish(),
  renditions: z.array(specRendition).superRefine(expectNamedOnce).nullish(),
  organize: specText.nullish(),
  count: z.int().min(1).nullish(),
  seed: z
    .union([z.literal(['auto', 'none']), z.int().min(0)], 'Expected auto, none or an integer of 0 or more')
    .nullish(),
  budget: z.number().min(0).nullish(),
  price: z.number().min(0).nullish(),
};

/** One of several prompts in a spec: a text, or an object with a name for folders and tags. */
export const namedPrompt = z.union([
  specText.transform((prompt) => ({ name: slug(prompt), prompt })),
  z.strictObject({ name: specText, prompt: specText }),
]);

/**
 * Returns a refinement of a spec (`.superRefine(uniqueNames('prompts', 'styles'))`) that finds
 * fault with every item whose name an item before it in the same list has. Names that are null are
 * left to the caller.
 */
export function uniqueNames<List extends string>(...lists: readonly List[]) {
  return (spec: Readonly<Record<List, Named>>, context: z.RefinementCtx): void => {
    for (const list of lists) reportNamedTwice(spec[list], [list], context);
  };
}

type Named = readonly { readonly name: string | null }[];

function expectNamedOnce(items: Named, context: z.RefinementCtx): void {
  reportNamedTwice(items, [], context);
}

function reportNamedTwice(items: Named, path: readonly string[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  items.forEach(({ name }, index) => {
    if (name === null) return;
    if (seen.has(name)) {
      const message = `Expected each name once, got ${name} twice`;
      context.addIssue({ code: 'custom', path: [...path, index], message });
    }
    seen.add(name);
  });
}
