import { expect, it } from 'vitest';
import { fallbackRequests } from '../../../src/sources/planning/fallbackRequests.ts';
import type { Model } from '../../../src/types.ts';
import { schema } from '../../helpers/contextOf.ts';
import { aPlan } from '../../helpers/runOf.ts';

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

it('refuses a model that needs inputs that the first one does not have', () => {
  const needy = model('b/edit', { schema: { ...schema, required: ['prompt', 'image'] } });
  const config = { fallbacks: [{ model: needy, version: null }], schema, priceOf: () => null };
  expect(() => fallbackRequests(config)).toThrow(
    'The fallback b/edit requires the input `image`, which the first model does not have',
  );
});

it('gives a new seed for each level that asks for one, always the same and in the range of the model', () => {
  const small = {
    ...schema,
    properties: { ...schema.properties, seed: { type: 'integer', minimum: 1, maximum: 6 } },
  } as const;
  const twice = ['new-seed', 'new-seed'] as const;
  const requestsFor = fallbackRequests({ fallbacks: twice, schema: small, priceOf: () => null });
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const input = { prompt: 'a cat', seed };
    const requests = requestsFor(aPlan(0, { input }));
    const seeds = [seed, ...requests.map((request) => request.input.seed)];
    expect(new Set(seeds).size).toBe(3);
    for (const one of seeds) expect([1, 2, 3, 4, 5, 6]).toContain(one);
    expect(requests[0]).toMatchObject({ model: 'owner/name', onlyAfterRefusal: true, priceMicroUsd: 3 });
    expect(requestsFor(aPlan(0, { input }))).toEqual(requests);
  }
});

it('refuses a new seed if the model has none', () => {
  const { seed: _, ...properties } = schema.properties;
  const config = { fallbacks: ['new-seed'], schema: { ...schema, properties }, priceOf: () => null } as const;
  expect(() => fallbackRequests(config)).toThrow('needs a model with a `seed` input');
});
