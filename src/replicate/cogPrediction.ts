import { z } from 'zod';
import type { Prediction, PredictionRequest } from '../types.ts';
import { parsePrediction } from './parsePrediction.ts';

const answer = z.looseObject({});

/** Reads a prediction as Cog sends it: without what whoever asked knows anyway. Throws a `ZodError` where it is none. */
export function cogPrediction(
  body: unknown,
  id: string,
  { model, version, input }: PredictionRequest,
): Prediction {
  return { ...parsePrediction({ ...answer.parse(body), id }), model, version, input };
}
