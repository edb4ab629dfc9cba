import { expect, it } from 'vitest';
import { flagValues } from '../../../src/cli/flags/flagValues.ts';
import { runPrices } from '../../../src/cli/flags/prices.ts';

const parsed = (text: string) => flagValues.price.schema.safeParse(text).data;

it.each([
  ['0.025', { model: null, microUsd: 25_000 }],
  ['$1', { model: null, microUsd: 1_000_000 }],
  ['o/n=0.000001', { model: 'o/n', microUsd: 1 }],
  ['https://replicate.com/o/n=0', { model: 'o/n', microUsd: 0 }],
  [`o/n:${'a'.repeat(64)}=2`, { model: 'o/n', microUsd: 2_000_000 }],
  ['deployments/o/n=2', { model: 'deployments/o/n', microUsd: 2_000_000 }],
  ['free', undefined],
  ['flux-dev=0.1', undefined],
  ['o/n=', undefined],
  ['=1', undefined],
  ['o/n=0.0000001', undefined],
])('reads %s', (text, price) => {
  expect(parsed(text)).toEqual(price);
});

it('keeps the last price of a model, and of all', () => {
  const given = ['1', 'a/b=2', 'c/d=3', 'a/b=4', '5'].flatMap((text) => parsed(text) ?? []);
  expect(runPrices(given)).toEqual({
    priceMicroUsd: 5_000_000,
    pricesMicroUsd: { 'a/b': 4_000_000, 'c/d': 3_000_000 },
  });
  expect(runPrices([])).toEqual({});
});
