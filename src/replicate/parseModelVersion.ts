import { z } from 'zod';
import type { Model } from '../types.ts';
import { parseModelSchema } from './parseModelSchema.ts';

const answer = z.looseObject({ id: z.string(), openapi_schema: z.unknown().optional() });

/**
 * Reads one version of a model as the service sends it. That says nothing about the newest version, nor whether the
 * model is an official one. Throws a `ZodError` where it is none.
 */
export function parseModelVersion(body: unknown, name: string): Model {
  const { openapi_schema: schema } = answer.parse(body);
  return { name, latestVersion: null, isOfficial: null, schema: parseModelSchema(schema) };
}
