import { describe, expect, it } from 'vitest';
import { costMicroUsd, describePrice, estimateMicroUsd } from '../../src/providers/prices/cost.ts';
import { priceTable, typicalDurationMs } from '../../src/providers/prices/priceTable.ts';
import { aPrediction } from '../helpers/fakeProvider.ts';

const schnell = 'black-forest-labs/flux-schnell';
const sdxl = 'stability-ai/sdxl';

describe('estimateMicroUsd', () => {
  it.each([
    [schnell, {}, undefined, 3_000],
    [schnell, { num_outputs: 4 }, undefined, 12_000],
    [schnell, { num_outputs: 4 }, 10_000, 40_000],
    ['bytedance/seedream-4', { max_images: 3 }, undefined, 90_000],
    [sdxl, {}, undefined, 4_875], // 5 s at 975 a second
    ['google/nano-banana-pro', { resolution: '4K' }, undefined, 300_000],
    ['google/nano-banana-pro', { resolution: '2K' }, undefined, 150_000],
    ['black-forest-labs/flux-2-pro', {}, undefined, 15_000 + 15_000], // the run + one megapixel out
    [
      'black-forest-labs/flux-2-pro',
      { resolution: '2 MP', input_images: ['https://a/b.png'] },
      undefined,
      60_000,
    ],
    ['black-forest-labs/flux-2-dev', { width: 1_440, height: 1_440 }, undefined, 3 * 19_000],
    ['black-forest-labs/flux-pro', {}, undefined, null], // only its speed is known
    ['nobody/nothing', {}, undefined, null],
    ['nobody/nothing', {}, 7, 7],
  ])('%s %o at %s is %s', (model, input, price, expected) => {
    expect(estimateMicroUsd(model, input, price)).toBe(expected);
  });
});

describe('describePrice', () => {
  it.each([
    [schnell, undefined, '$0.003 an image (replicate.com/pricing, 2026-10-07)'],
    [schnell, 1_500, '$0.0015 an image (as given)'],
    [sdxl, undefined, '$0.000975 a second on L40S, usually 5 s (replicate.com/pricing, 2026-10-07)'],
    [
      'google/nano-banana-pro',
      undefined,
      '$0.15 an image, $0.30 at resolution 4K (model pages, by public cost tables, 2026-10)',
    ],
    [
      'black-forest-labs/flux-2-pro',
      undefined,
      '$0.015 a run and $0.015 a megapixel (model pages, by public cost tables, 2026-10)',
    ],
    ['black-forest-labs/flux-pro', undefined, null], // only its speed is known
    ['nobody/nothing', undefined, null],
  ])('%s at %s is %s', (model, price, expected) => {
    expect(describePrice(model, price)).toBe(expected);
  });
});

describe('costMicroUsd', () => {
  it.each([
    ['the billed images', { model: schnell, metrics: { image_count: 2 } }, 6_000],
    ['the outputs if the service gives no count', { model: schnell, metrics: {} }, 3_000],
    ['an unknown amount if they are deleted', { model: schnell, output: null, dataRemoved: true }, null],
    ['the time of a model priced so', { model: sdxl, metrics: { predict_time: 2 } }, 1_950],
    ['nothing for a failed run', { model: schnell, status: 'failed' as const }, 0],
    ['nothing for an aborted one', { model: schnell, status: 'aborted' as const }, 0],
    [
      'the time of a canceled one',
      { model: sdxl, status: 'canceled' as const, output: null, metrics: { predict_time: 1 } },
      975,
    ],
    [
      'nothing for one that was canceled before it ran',
      { model: sdxl, status: 'canceled' as const, output: null, metrics: {} },
      0,
    ],
    [
      'an unknown amount for a canceled one of an unknown model',
      { model: 'nobody/nothing', status: 'canceled' as const, output: null, metrics: { predict_time: 1 } },
      null,
    ],
    [
      'the size that was asked for',
      { model: 'google/nano-banana-2', input: { resolution: '1K' }, metrics: { image_count: 1 } },
      67_000,
    ],
    ['an unknown amount for an unknown model', { model: 'nobody/nothing' }, null],
  ])('is %s', (_name, fields, expected) => {
    expect(costMicroUsd(aPrediction(fields))).toBe(expected);
  });
});

it('has one row for each model, whole millionths, and its source', () => {
  expect(new Set(priceTable.map(({ model }) => model)).size).toBe(priceTable.length);
  for (const { imagePricesBy, source, asOf, ...row } of priceTable) {
    const prices = [
      row.perImageMicroUsd ?? 0,
      row.perMegapixelMicroUsd ?? 0,
      row.perRunMicroUsd ?? 0,
      ...Object.values(imagePricesBy?.microUsd ?? {}),
    ];
    expect(prices.filter((price) => !Number.isInteger(price) || price < 0)).toEqual([]);
    expect(source).not.toBe('');
    expect(asOf).toMatch(/^202\d-\d\d(-\d\d)?$/);
  }
  expect(typicalDurationMs(schnell)).toBe(830);
  expect(typicalDurationMs('nobody/nothing')).toBeNull();
});
