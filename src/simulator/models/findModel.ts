import { models } from './models.ts';
import type { SimulatedModel } from './SimulatedModel.ts';
import { versionOf } from './versionOf.ts';

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
