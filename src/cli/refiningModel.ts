import type { RefinementSpec } from '../sources/RefinementSpec.ts';
import { takesFile } from '../sources/takesFile.ts';
import type { Flags, ModelReference } from './Flags.ts';
import { findModel } from './findModel.ts';
import { flagValues } from './flagValues.ts';
import type { OpenService } from './openService.ts';
import { specModel } from './specModel.ts';

const defaultModel = 'black-forest-labs/flux-dev';

/** The model that refines: the only one of the service, else the spec's, else the candidates' own where that takes pictures. */
export async function refiningModel(
  { refineModel }: RefinementSpec,
  own: ModelReference,
  flags: Flags,
  service: OpenService,
): Promise<ModelReference> {
  if (refineModel !== null || service.onlyModel !== null)
    return specModel({ model: refineModel }, { ...flags, models: [] }, service, defaultModel);
  const { schema } = await findModel(service.provider, own);
  const takesPictures = Object.values(schema?.properties ?? {}).some(takesFile);
  return takesPictures ? own : flagValues.modelReference.schema.parse(defaultModel);
}
