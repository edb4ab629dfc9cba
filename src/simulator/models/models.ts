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

/** The models of the simulator. Run times and prices are the real service's as of autumn 2026. */
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

/** A model that a search has found; a higher score is a better match. */
interface FoundModel {
  readonly model: SimulatedModel;
  readonly score: number;
}

/** The models in whose name, description or tags at least one word of the query occurs, best match first. */
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

/** What a model is for, from what it takes: `text-to-image`, `image-to-image`, `image-editing`, `image-to-text`. */
export function tagsOf({ inputs, output }: SimulatedModel): string[] {
  if (output === 'text') return ['image-to-text'];
  const images = Object.values(inputs).filter(({ type, format }) => type === 'files' || format === 'uri');
  if (images.some(({ isRequired }) => isRequired)) return ['image-to-image', 'image-editing'];
  return images.length > 0 ? ['text-to-image', 'image-to-image'] : ['text-to-image'];
}

const byName = new Map(models.map((model) => [model.name, model]));
const byVersion = new Map(models.map((model) => [versionOf(model), model]));

/** The model with this name, official or not; null where there is none. */
function named(name: string): SimulatedModel | null {
  return byName.get(name) ?? null;
}

/**
 * The model that `version` of a create means: `owner/name` for official models, `owner/name:64-hex` or a bare 64-hex for
 * all; null where there is none.
 */
function runnable(reference: string): SimulatedModel | null {
  const [name = '', version] = reference.split(':');
  const model = named(name);
  if (model === null) return byVersion.get(reference) ?? null;
  if (version === undefined) return model.isOfficial ? model : null;
  return version === versionOf(model) ? model : null;
}

/** Looks models up. */
export const findModel = { named, runnable };

/** Models that belong together. */
interface Collection {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly models: readonly SimulatedModel[];
}

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
    description: 'Models that make pictures from a prompt',
    models: models.filter((model) => tagsOf(model).includes('text-to-image')),
  },
  {
    slug: 'image-editing',
    name: 'Edit images',
    description: 'Models that change pictures',
    models: models.filter((model) => tagsOf(model).includes('image-editing')),
  },
];
