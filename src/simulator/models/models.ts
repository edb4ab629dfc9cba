import { fluxModels } from './fluxModels.ts';
import { ideogramV3Turbo } from './ideogramV3Turbo.ts';
import { imagen4 } from './imagen4.ts';
import { llava13b } from './llava13b.ts';
import { nanoBanana } from './nanoBanana.ts';
import { qwenModels } from './qwenModels.ts';
import type { SimulatedModel } from './SimulatedModel.ts';
import { sdxl } from './sdxl.ts';
import { seedream4 } from './seedream4.ts';

/** The models of the simulator. Run times and prices are the real service's as of autumn 2026. */
export const models: readonly SimulatedModel[] = [
  ...fluxModels,
  sdxl,
  nanoBanana,
  ...qwenModels,
  imagen4,
  seedream4,
  ideogramV3Turbo,
  llava13b,
];
