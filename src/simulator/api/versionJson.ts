import { cogSchema } from '../models/cogSchema.ts';
import type { SimulatedModel } from '../models/SimulatedModel.ts';
import { versionOf } from '../models/versionOf.ts';

/** A model's version as the API shows it. */
export function versionJson(model: SimulatedModel) {
  return {
    id: versionOf(model),
    created_at: '2025-01-01T00:00:00Z',
    cog_version: '0.13.6',
    openapi_schema: cogSchema(model),
  };
}
