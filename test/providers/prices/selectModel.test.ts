import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  modelCatalogue,
  type SelectModelConfig,
  selectModel,
} from '../../../src/providers/prices/catalogue.ts';

it.each<[SelectModelConfig, string, number]>([
  [{}, 'black-forest-labs/flux-schnell', 0.003],
  [{ useCase: 'draft' }, 'black-forest-labs/flux-schnell', 0.003],
  [{ minQuality: 'standard' }, 'black-forest-labs/flux-dev', 0.025],
  [{ minQuality: 'high' }, 'bytedance/seedream-4', 0.03],
  [{ useCase: 'editing' }, 'bytedance/seedream-4', 0.03], // as cheap as qwen-image-edit-plus, and better
  [{ useCase: 'text-in-image' }, 'qwen/qwen-image', 0.025],
  [{ useCase: 'text-in-image', minQuality: 'high' }, 'google/imagen-4', 0.04],
  [{ useCase: 'photo', maxCostUsd: 0.025 }, 'black-forest-labs/flux-dev', 0.025],
  [{ useCase: 'illustration', maxCostUsd: 0.005 }, 'stability-ai/sdxl', 0.004875],
])('%o is met by %s', (config, model, costUsd) => {
  expect(selectModel(config)).toMatchObject({ model, costUsd });
});

it.each<[SelectModelConfig, string, string]>([
  [
    { useCase: 'editing', maxCostUsd: 0.01 },
    'The catalogue has no model for editing, for at most $0.01 an image',
    '`maxCostUsd` of 0.03 allows bytedance/seedream-4; without `useCase` there is black-forest-labs/flux-schnell.',
  ],
  [
    { useCase: 'draft', minQuality: 'high' },
    'The catalogue has no model for draft, of quality high or better',
    '`minQuality` draft allows black-forest-labs/flux-schnell; without `useCase` there is bytedance/seedream-4.',
  ],
  [
    { useCase: 'draft', minQuality: 'high', maxCostUsd: 0.001 },
    'The catalogue has no model for draft, of quality high or better, for at most $0.001 an image',
    'Relax more than one requirement.',
  ],
  [{ maxCostUsd: -1 }, 'Expected `maxCostUsd` to be a number of 0 or more, got -1', ''],
  [{ maxCostUsd: Number.NaN }, 'Expected `maxCostUsd` to be a number of 0 or more, got NaN', ''],
])('nothing meets %o', (config, message, suggestion) => {
  const select = () => selectModel(config);
  expect(select).toThrow(UsageError);
  expect(select).toThrow(message);
  expect(select).toThrow(expect.objectContaining({ suggestion }));
});

it('names the choices for a word that is none', () => {
  const words = { minQuality: 'best', useCase: 'photo' } as unknown as SelectModelConfig;
  expect(() => selectModel(words)).toThrow(
    'Expected `minQuality` to be one of draft, standard, high, got best',
  );
});

it('has each model once', () => {
  expect(new Set(modelCatalogue.map(({ model }) => model)).size).toBe(modelCatalogue.length);
});
