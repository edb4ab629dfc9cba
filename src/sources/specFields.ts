import { z } from 'zod';
import { qualities } from '../qualities.ts';
import type { ModelInput } from '../types.ts';
import { useCases } from '../useCases.ts';
import { modelName } from './modelName.ts';
import { specRendition } from './specRendition.ts';
import { specText } from './specText.ts';

const modelWish = z.strictObject({
  maxCostUsd: z.number().min(0).optional(),
  minQuality: z.enum(qualities).optional(),
  useCase: z.enum(useCases).optional(),
});

/** The fields that every spec may have; `readBatchFields` reads them. */
export const specFields = {
  name: specText.nullish(),
  model: z.union([modelName, modelWish]).nullish(),
  input: z
    .record(z.string(), z.json())
    .transform((value): ModelInput => value)
    .nullish(),
  renditions: z.array(specRendition).nullish(),
  organize: specText.nullish(),
  count: z.int().min(1).nullish(),
  seed: z
    .union([z.literal(['auto', 'none']), z.int().min(0)], 'Expected auto, none or an integer of 0 or more')
    .nullish(),
  budget: z.number().min(0).nullish(),
  price: z.number().min(0).nullish(),
};
