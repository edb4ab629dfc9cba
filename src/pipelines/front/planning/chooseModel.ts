import type { ModelReference } from '../../../base/modelName.ts';
import type { Provider } from '../../../ports.ts';
import { selectModel } from '../../../providers/prices/catalogue.ts';
import { takesFile } from '../../../sources/modelInputs/pictureInput.ts';
import type { BatchSpec } from '../../../sources/specs/batchSpec.ts';
import type { RefinementSpec } from '../../workflows/refinement/spec.ts';
import { findModel, parseModel } from './findModel.ts';

/**
 * Chooses the model of a run: the given one, else the spec's, else the workflow's. A spec may give
 * criteria instead of a name: then it is the cheapest model of the catalogue that meets them.
 * Throws `UsageError` if none does.
 */
export function chooseModel(
  { model }: Pick<BatchSpec, 'model'>,
  given: ModelReference | null | undefined,
  defaultModel: string,
): ModelReference {
  if (given !== null && given !== undefined) return given;
  if (typeof model !== 'object' || model === null) return parseModel(model ?? defaultModel);
  const { maxCostUsd, minQuality, useCase } = model;
  const criteria = {
    ...(maxCostUsd === undefined ? {} : { maxCostUsd }),
    ...(minQuality === undefined ? {} : { minQuality }),
    ...(useCase === undefined ? {} : { useCase }),
  };
  return { model: selectModel(criteria).model, version: null };
}

const defaultRefiner = 'black-forest-labs/flux-dev';

/**
 * Chooses the model that refines: the only one of the service, else the spec's, else the
 * candidates' own if it takes pictures, else the default one.
 */
export async function chooseRefiner(
  { refineModel }: Pick<RefinementSpec, 'refineModel'>,
  own: ModelReference,
  { provider, onlyModel = null }: { provider: Provider; onlyModel?: ModelReference | null },
): Promise<ModelReference> {
  if (refineModel !== null || onlyModel !== null)
    return chooseModel({ model: refineModel }, onlyModel, defaultRefiner);
  const { schema } = await findModel(provider, own);
  const takesPictures = Object.values(schema?.properties ?? {}).some(takesFile);
  return takesPictures ? own : parseModel(defaultRefiner);
}
