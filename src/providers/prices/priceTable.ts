/** The price of a model, in millionths of a US dollar. */
export interface ModelPrice {
  /** `owner/name`. */
  readonly model: string;
  /** Price of each output image. */
  readonly perImageMicroUsd?: number;
  /** Exceptions to the price of an image, by the value of one input. */
  readonly imagePricesBy?: { readonly input: string; readonly microUsd: Readonly<Record<string, number>> };
  /** Price of each megapixel of each input picture and output image, rounded up. */
  readonly perMegapixelMicroUsd?: number;
  /** Price of each run, in addition to its megapixels. */
  readonly perRunMicroUsd?: number;
  /** Hardware that is paid by the second, as the model's page names it. */
  readonly hardware?: HardwareName;
  /** The usual run time in ms: `predict_time` of the model's own example, or a public benchmark. */
  readonly typicalMs?: number;
  /** The date of the source: `2026-10-07`, or a month if it gives no day. */
  readonly asOf: string;
  readonly source: string;
}

const PRICING_PAGE = { source: 'replicate.com/pricing', asOf: '2026-10-07' };
const EXAMPLES = { source: "the models' own examples", asOf: '2025-01' };
const MODEL_PAGES = { source: 'model pages, by public cost tables', asOf: '2026-10' };

/**
 * Prices by model, each with its date; the service has no endpoint for them. Check a model's page
 * before a large run, and use `--price` if the price has changed.
 */
export const priceTable: readonly ModelPrice[] = [
  { model: 'black-forest-labs/flux-schnell', perImageMicroUsd: 3_000, typicalMs: 830, ...PRICING_PAGE },
  { model: 'black-forest-labs/flux-dev', perImageMicroUsd: 25_000, typicalMs: 3_200, ...PRICING_PAGE },
  {
    model: 'black-forest-labs/flux-1.1-pro',
    perImageMicroUsd: 40_000,
    typicalMs: 3_800,
    ...PRICING_PAGE,
  },
  {
    model: 'black-forest-labs/flux-1.1-pro-ultra',
    perImageMicroUsd: 60_000,
    typicalMs: 8_100,
    ...MODEL_PAGES,
  },
  {
    model: 'black-forest-labs/flux-2-pro',
    perRunMicroUsd: 15_000,
    perMegapixelMicroUsd: 15_000,
    ...MODEL_PAGES,
  },
  {
    model: 'black-forest-labs/flux-2-dev',
    // The highest of several published ones.
    perMegapixelMicroUsd: 19_000,
    ...MODEL_PAGES,
  },
  { model: 'ideogram-ai/ideogram-v3-quality', perImageMicroUsd: 90_000, ...PRICING_PAGE },
  { model: 'ideogram-ai/ideogram-v3-turbo', perImageMicroUsd: 30_000, ...MODEL_PAGES },
  { model: 'ideogram-ai/ideogram-v2', perImageMicroUsd: 80_000, typicalMs: 19_600, ...MODEL_PAGES },
  {
    model: 'ideogram-ai/ideogram-v2-turbo',
    perImageMicroUsd: 50_000,
    typicalMs: 12_400,
    ...MODEL_PAGES,
  },
  { model: 'ideogram-ai/ideogram-v2a', perImageMicroUsd: 40_000, ...MODEL_PAGES },
  { model: 'ideogram-ai/ideogram-v2a-turbo', perImageMicroUsd: 25_000, ...MODEL_PAGES },
  { model: 'google/nano-banana', perImageMicroUsd: 39_000, typicalMs: 8_000, ...MODEL_PAGES },
  {
    model: 'google/nano-banana-2',
    // The price of the largest size: those between are unknown, and a budget must not be exceeded.
    perImageMicroUsd: 151_000,
    imagePricesBy: { input: 'resolution', microUsd: { '1K': 67_000 } },
    typicalMs: 13_000,
    ...MODEL_PAGES,
  },
  {
    model: 'google/nano-banana-pro',
    perImageMicroUsd: 150_000,
    imagePricesBy: { input: 'resolution', microUsd: { '4K': 300_000 } },
    ...MODEL_PAGES,
  },
  { model: 'google/imagen-4', perImageMicroUsd: 40_000, ...MODEL_PAGES },
  { model: 'google/imagen-4-fast', perImageMicroUsd: 20_000, ...MODEL_PAGES },
  { model: 'bytedance/seedream-3', perImageMicroUsd: 30_000, ...MODEL_PAGES },
  { model: 'bytedance/seedream-4', perImageMicroUsd: 30_000, ...MODEL_PAGES },
  { model: 'bytedance/seedream-4.5', perImageMicroUsd: 40_000, ...MODEL_PAGES },
  { model: 'bytedance/seedream-5-lite', perImageMicroUsd: 35_000, ...MODEL_PAGES },
  { model: 'qwen/qwen-image', perImageMicroUsd: 25_000, ...MODEL_PAGES },
  {
    model: 'qwen/qwen-image-edit-plus',
    perImageMicroUsd: 30_000,
    source: 'a public cost table; others say $0.02 to $0.05',
    asOf: '2025-10',
  },
  { model: 'recraft-ai/recraft-v3', perImageMicroUsd: 40_000, typicalMs: 8_800, ...MODEL_PAGES },
  // Only the speeds of these are known.
  { model: 'black-forest-labs/flux-pro', typicalMs: 14_100, ...EXAMPLES },
  { model: 'bytedance/sdxl-lightning-4step', typicalMs: 940, ...EXAMPLES },
  { model: 'stability-ai/stable-diffusion-3.5-large', typicalMs: 8_800, ...EXAMPLES },
  { model: 'stability-ai/sdxl', hardware: 'L40S', typicalMs: 5_000, ...PRICING_PAGE },
];

export type HardwareName = 'CPU' | 'T4' | 'A40' | 'A40 (Large)' | 'L40S' | 'A100 (80GB)' | 'H100';

/**
 * Prices of a second of run time by hardware, in millionths of a US dollar; multiply by the number
 * of units. Source: replicate.com/pricing, as of 7 October 2026.
 */
export const hardwarePrices: Readonly<Record<HardwareName, number>> = {
  CPU: 100,
  T4: 225,
  A40: 575,
  'A40 (Large)': 725,
  L40S: 975,
  'A100 (80GB)': 1_400,
  H100: 1_525,
};

/** Returns the usual run time of this model's predictions in ms; null if it is unknown. */
export function typicalDurationMs(model: string): number | null {
  return findPrice(model)?.typicalMs ?? null;
}

const byModel = new Map(priceTable.map((price) => [price.model, price]));

/** Returns the row of a model (`owner/name`) in the price table. */
export function findPrice(model: string): ModelPrice | undefined {
  return byModel.get(model);
}
