import { fluxModels } from './fluxModels.ts';
import {
  ideogramV3Turbo,
  imagen4,
  llava13b,
  nanoBanana,
  qwenModels,
  sdxl,
  seedream4,
} from './otherModels.ts';
import { type SimulatedModel, versionOf } from './simulatedModel.ts';

/** All models of the simulator. Run times and prices are the real service's as of autumn 2026. */
export const models: readonly SimulatedModel[] = [
  ...fluxModels,
  sdxl,
  nanoBanana,
  ...qwenModels,
  imagen4,
  seedream4,
  ideogramV3Turbo,
  llava13b,
];

/** A result of a search; a higher score is a better match. */
interface FoundModel {
  readonly model: SimulatedModel;
  readonly score: number;
}

/** Finds models by words in their name, description or tags, best match first. */
export function searchModels(query: string): FoundModel[] {
  const words = query.toLowerCase().match(/[\p{L}\p{N}.]+/gu) ?? [];
  return models
    .map((model) => {
      const text = [model.name, model.description, ...tagsOf(model)].join(' ').toLowerCase();
      return { model, score: words.filter((word) => text.includes(word)).length };
    })
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score);
}

/**
 * Returns the uses of a model, derived from its inputs: `text-to-image`, `image-to-image`,
 * `image-editing`, `image-to-text`.
 */
export function tagsOf({ inputs, output }: SimulatedModel): string[] {
  if (output === 'text') return ['image-to-text'];
  const images = Object.values(inputs).filter(({ type, format }) => type === 'files' || format === 'uri');
  if (images.some(({ isRequired }) => isRequired)) return ['image-to-image', 'image-editing'];
  return images.length > 0 ? ['text-to-image', 'image-to-image'] : ['text-to-image'];
}

const byName = new Map(models.map((model) => [model.name, model]));
const byVersion = new Map(models.map((model) => [versionOf(model), model]));

/** Returns the model with this name, official or not; null if there is none. */
function named(name: string): SimulatedModel | null {
  return byName.get(name) ?? null;
}

/**
 * Returns the model that the `version` of a create request means: `owner/name` for official models,
 * `owner/name:64-hex` or just 64 hex digits for all; null if there is none.
 */
function runnable(reference: string): SimulatedModel | null {
  const [name = '', version] = reference.split(':');
  const model = named(name);
  if (model === null) return byVersion.get(reference) ?? null;
  if (version === undefined) return model.isOfficial ? model : null;
  return version === versionOf(model) ? model : null;
}

/** Looks up models. */
export const findModel = { named, runnable };

/** A collection of models. */
interface Collection {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly models: readonly SimulatedModel[];
}

/** All collections of the simulator. */
export const collections: readonly Collection[] = [
  {
    slug: 'official',
    name: 'Official models',
    description: 'Always on, with a stable interface and a price by output',
    models: models.filter(({ isOfficial }) => isOfficial),
  },
  {
    slug: 'text-to-image',
    name: 'Generate images',
    description: 'Models that make images from a prompt',
    models: models.filter((model) => tagsOf(model).includes('text-to-image')),
  },
  {
    slug: 'image-editing',
    name: 'Edit images',
    description: 'Models that change images',
    models: models.filter((model) => tagsOf(model).includes('image-editing')),
  },
];
