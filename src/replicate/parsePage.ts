import { z } from 'zod';
import type { PredictionPage } from '../types.ts';
import { parsePrediction } from './parsePrediction.ts';

const answer = z.looseObject({ results: z.array(z.unknown()), next: z.string().nullish() });

/** Reads a page of the list of predictions. Throws a `ZodError` where it is none. */
export function parsePage(body: unknown): PredictionPage {
  const { results, next } = answer.parse(body);
  return { predictions: results.map((result) => parsePrediction(result)), next: next ?? null };
}
