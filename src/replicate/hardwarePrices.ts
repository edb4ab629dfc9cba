export type HardwareName = 'CPU' | 'T4' | 'A40' | 'A40 (Large)' | 'L40S' | 'A100 (80GB)' | 'H100';

/**
 * What a second of running costs by hardware, in millionths of a US dollar; several of a kind cost as many times as much.
 * Source: replicate.com/pricing, as of 7 October 2026.
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
