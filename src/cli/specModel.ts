import { selectModel } from '../replicate/selectModel.ts';
import type { BatchSpec } from '../sources/BatchSpec.ts';
import type { Flags, ModelReference } from './Flags.ts';
import { flagValues } from './flagValues.ts';
import type { OpenService } from './openService.ts';

/**
 * The model of a run: the flag's, else the only one of the service, else the spec's (the cheapest of the catalogue that meets
 * its wish), else the script's. Throws `UsageError` where no model meets the wish.
 */
export function specModel(
  { model }: Pick<BatchSpec, 'model'>,
  flags: Flags,
  { onlyModel }: OpenService,
  defaultModel: string,
): ModelReference {
  const given = flags.models[0] ?? onlyModel;
  if (given !== null && given !== undefined) return given;
  if (typeof model === 'object' && model !== null) {
    const { maxCostUsd, minQuality, useCase } = model;
    const wish = {
      ...(maxCostUsd === undefined ? {} : { maxCostUsd }),
      ...(minQuality === undefined ? {} : { minQuality }),
      ...(useCase === undefined ? {} : { useCase }),
    };
    return { model: selectModel(wish).model, version: null };
  }
  return flagValues.modelReference.schema.parse(model ?? defaultModel);
}
