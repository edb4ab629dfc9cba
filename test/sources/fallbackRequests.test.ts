import { expect, it } from 'vitest';
import { fallbackRequests } from '../../src/sources/fallbackRequests.ts';
import type { Model } from '../../src/types.ts';
import { aPlan } from '../pipelines/runOf.ts';
import { schema } from './contextOf.ts';

const model = (name: string, fields: Partial<Model> = {}): Model => ({
  name,
  latestVersion: null,
  isOfficial: true,
  schema,
  ...fields,
});

it('makes a request to each model, in order, with its own inputs and price', () => {
  const version = 'a'.repeat(64);
  const requestsFor = fallbackRequests({
    fallbacks: [
      { model: model('b/small'), version: null },
      { model: model('c/bare', { schema: null }), version },
    ],
    schema,
    priceOf: (name) => (name === 'b/small' ? 3_000 : null),
  });
  expect(requestsFor(aPlan(0, { input: { prompt: 'a cat', steps: 4 } }))).toEqual([
    { model: 'b/small', version: null, input: { prompt: 'a cat' }, priceMicroUsd: 3_000 },
    { model: 'c/bare', version, input: { prompt: 'a cat', steps: 4 }, priceMicroUsd: null },
  ]);
});

it('refuses a model that needs what the first one does not have', () => {
  const needy = model('b/edit', { schema: { ...schema, required: ['prompt', 'image'] } });
  const config = { fallbacks: [{ model: needy, version: null }], schema, priceOf: () => null };
  expect(() => fallbackRequests(config)).toThrow('got b/edit, which needs `image`');
});
