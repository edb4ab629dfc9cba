import type { SimulatedModel } from './SimulatedModel.ts';
import { simulatedModels } from './simulatedModels.ts';
import { versionOf } from './versionOf.ts';

const byReference = new Map(
  simulatedModels.flatMap((model) => {
    const version = versionOf(model);
    return [model.name, version, `${model.name}:${version}`].map((reference) => [reference, model] as const);
  }),
);

/** The model of a reference: `owner/name`, `owner/name:version`, or a bare version; null where there is none. */
export function findModel(reference: string): SimulatedModel | null {
  return byReference.get(reference) ?? null;
}
