import type { Quality } from '../qualities.ts';
import type { UseCase } from '../useCases.ts';

/** A model that is worth knowing, and what it is good for. */
export interface CatalogueModel {
  /** `owner/name`. */
  readonly model: string;
  readonly quality: Quality;
  readonly useCases: readonly UseCase[];
  /** Why it stands where it stands. */
  readonly reason: string;
}

/**
 * A few well-known image models. Quality follows the makers' own line-ups and what they say each model is for; nobody
 * has measured it here, so compare a few prompts of yours before a large run.
 */
export const modelCatalogue: readonly CatalogueModel[] = [
  {
    model: 'black-forest-labs/flux-schnell',
    quality: 'draft',
    useCases: ['draft'],
    reason: 'distilled to four steps; the fastest of its line',
  },
  {
    model: 'stability-ai/sdxl',
    quality: 'draft',
    useCases: ['draft', 'illustration'],
    reason: 'an open model of 2023; many styles, weak at text',
  },
  {
    model: 'black-forest-labs/flux-dev',
    quality: 'standard',
    useCases: ['photo', 'illustration'],
    reason: 'between schnell and pro in its line',
  },
  {
    model: 'black-forest-labs/flux-1.1-pro',
    quality: 'high',
    useCases: ['photo', 'illustration'],
    reason: 'the top of its line at this size',
  },
  {
    model: 'google/nano-banana',
    quality: 'high',
    useCases: ['photo', 'editing', 'multi-image'],
    reason: 'made for edits by words and for keeping a subject the same',
  },
  {
    model: 'qwen/qwen-image',
    quality: 'standard',
    useCases: ['illustration', 'text-in-image'],
    reason: 'its maker puts writing in pictures first',
  },
  {
    model: 'qwen/qwen-image-edit-plus',
    quality: 'standard',
    useCases: ['editing', 'multi-image'],
    reason: 'edits one or more pictures; makes none from words alone',
  },
  {
    model: 'google/imagen-4',
    quality: 'high',
    useCases: ['photo', 'illustration', 'text-in-image'],
    reason: 'the middle of its line, above fast; its maker names detail and lettering',
  },
  {
    model: 'bytedance/seedream-4',
    quality: 'high',
    useCases: ['photo', 'editing', 'multi-image'],
    reason: 'makes and edits in one model, up to 4K',
  },
  {
    model: 'ideogram-ai/ideogram-v3-turbo',
    quality: 'standard',
    useCases: ['illustration', 'text-in-image'],
    reason: 'the fastest of its line, which is known for lettering',
  },
];
