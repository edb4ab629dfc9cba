import { expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  type CatalogueModel,
  modelCatalogue,
  type SelectModelConfig,
  selectModel,
} from '../../../src/providers/prices/catalogue.ts';

it.each<[SelectModelConfig, string, number]>([
  [{}, 'black-forest-labs/flux-schnell', 0.003],
  [{ useCase: 'draft' }, 'black-forest-labs/flux-schnell', 0.003],
  [{ useCase: 'general', minQuality: 'high' }, 'bytedance/seedream-4', 0.03],
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

it('has only models for general use that make images from words alone', () => {
  const others = modelCatalogue.filter(({ useCases }) => !useCases.includes('general'));
  expect(others.map(({ model }) => model)).toEqual(['qwen/qwen-image-edit-plus']);
});

const own: CatalogueModel = { model: 'acme/photo', quality: 'high', useCases: ['photo'], costUsd: 0.01 };

it('selects from a catalogue of your own, by its prices', () => {
  const photo = { useCase: 'photo', minQuality: 'high' } as const;
  expect(selectModel({ ...photo, catalogue: [...modelCatalogue, own] })).toEqual(own);
  // A price over that of the table; a model without any price is never selected.
  const dear = { ...own, model: 'black-forest-labs/flux-schnell', costUsd: 9 };
  const { costUsd: _none, ...unpriced } = own;
  expect(selectModel({ ...photo, catalogue: [dear, unpriced] })).toEqual(dear);
  expect(() => selectModel({ ...photo, catalogue: [] })).toThrow('The catalogue has no model for photo');
});

it.each<[string, object, string]>([
  ['a model that is no name', { model: 'photo' }, 'Expected `model` in the catalogue to be owner/name'],
  ['an unknown quality', { quality: 'best' }, 'Expected `quality of acme/photo` to be one of draft'],
  ['an unknown use case', { useCases: ['foto'] }, 'Expected `useCases of acme/photo` to be one of general'],
  [
    'a price that is none',
    { costUsd: -1 },
    'Expected `costUsd of acme/photo` to be a number of 0 or more, got -1',
  ],
])('refuses %s in a catalogue', (_, fields, message) => {
  expect(() => selectModel({ catalogue: [{ ...own, ...fields }] })).toThrow(message);
});
