import type { Random } from '../createRandom.ts';

/** What a scene is drawn with. */
export interface Canvas {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly random: Random;
  /** From the far and light (0) to the near and dark (1). */
  readonly colour: (depth: number) => string;
  /** Of lights: sun, lamps, foam. */
  readonly accent: string;
}
