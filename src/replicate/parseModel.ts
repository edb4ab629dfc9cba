import { z } from 'zod';
import type { Model } from '../types.ts';
import { parseModelSchema } from './parseModelSchema.ts';

const version = z.looseObject({ id: z.string(), openapi_schema: z.unknown().optional() });
const answer = z.looseObject({
  is_official: z.boolean().nullish().catch(null),
  latest_version: version.nullish().catch(null),
});

/** Reads a model as the service sends it. Throws a `ZodError` where it is none. */
export function parseModel(body: unknown, name: string): Model {
  const { is_official: isOfficial, latest_version: latest } = answer.parse(body);
  return {
    name,
    latestVersion: latest?.id ?? null,
    isOfficial: isOfficial ?? null,
    schema: parseModelSchema(latest?.openapi_schema),
  };
}
