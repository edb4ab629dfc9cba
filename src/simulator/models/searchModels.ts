import { models } from './models.ts';
import type { SimulatedModel } from './SimulatedModel.ts';
import { tagsOf } from './tagsOf.ts';

/** A model that a search has found; a higher score is a better match. */
export interface FoundModel {
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
