import { z } from 'zod';
import type { Model, PredictionPage } from '../../types.ts';
import { parseModelSchema } from '../wire/modelSchema.ts';
import { parsePrediction } from '../wire/prediction.ts';

const version = z.looseObject({ id: z.string(), openapi_schema: z.unknown().optional() });
const modelBody = z.looseObject({
  is_official: z.boolean().nullish().catch(null),
  latest_version: version.nullish().catch(null),
});

/** Reads a model as the service sends it. Throws a `ZodError` if it is none. */
export function parseModel(body: unknown, name: string): Model {
  const { is_official: isOfficial, latest_version: latest } = modelBody.parse(body);
  return {
    name,
    latestVersion: latest?.id ?? null,
    isOfficial: isOfficial ?? null,
    schema: parseModelSchema(latest?.openapi_schema),
  };
}

/**
 * Reads one version of a model as the service sends it. The newest version, and if the model is official, stay unknown.
 * Throws a `ZodError` if it is none.
 */
export function parseModelVersion(body: unknown, name: string): Model {
  const { openapi_schema: schema } = version.parse(body);
  return { name, latestVersion: null, isOfficial: null, schema: parseModelSchema(schema) };
}

const pageBody = z.looseObject({ results: z.array(z.unknown()), next: z.string().nullish() });

/** Reads a page of the list of predictions. Throws a `ZodError` if it is none. */
export function parsePage(body: unknown): PredictionPage {
  const { results, next } = pageBody.parse(body);
  return { predictions: results.map((result) => parsePrediction(result)), next: next ?? null };
}
