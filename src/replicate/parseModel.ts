import { z } from 'zod';
import type { Model } from '../types.ts';
import { parseModelSchema } from './parseModelSchema.ts';

const version = z.looseObject({ id: z.string(), openapi_schema: z.unknown().optional() });
const model = z.looseObject({
  is_official: z.boolean().nullish(),
  latest_version: version.nullish(),
});

/** Reads a model, or one version of a model, as the service sends it. Throws a `ZodError` where it is neither. */
export function parseModel(body: unknown, name: string): Model {
  const single = version.safeParse(body);
  if (single.success) {
    return {
      name,
      latestVersion: single.data.id,
      isOfficial: false,
      schema: parseModelSchema(single.data.openapi_schema),
    };
  }
  const { is_official: isOfficial, latest_version: latest } = model.parse(body);
  return {
    name,
    latestVersion: latest?.id ?? null,
    isOfficial: isOfficial ?? null,
    schema: parseModelSchema(latest?.openapi_schema),
  };
}
