import { models } from './models.ts';
import type { SimulatedModel } from './SimulatedModel.ts';
import { tagsOf } from './tagsOf.ts';

/** Models that belong together. */
export interface Collection {
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
