import type { Canvas } from '../Canvas.ts';

export interface Ridge {
  /** Its middle height above the bottom edge of the sky, as a part of the picture's height from the top. */
  readonly base: number;
  /** How far it goes up and down, as a part of the picture's height. */
  readonly swing: number;
  /** 0: as smooth as a wave; 1: as rough as rock. */
  readonly roughness: number;
}

const STEPS = 128;

/** The path of a line of hills across the picture and down to its foot: waves over waves, each finer than the one before. */
export function ridge({ widthPx, heightPx, random }: Canvas, { base, swing, roughness }: Ridge): string {
  const waves = Array.from({ length: 7 }, (_, octave) => ({
    height: swing * (0.25 + 0.32 * roughness) ** octave,
    length: random.between(0.7, 1.4) * 1.9 ** octave,
    phase: random.between(0, 2 * Math.PI),
  }));
  const points = Array.from({ length: STEPS + 1 }, (_, step) => {
    const share = step / STEPS;
    const rise = waves.reduce((sum, { height, length, phase }) => {
      const turn = Math.sin(2 * Math.PI * length * share + phase);
      // Folded waves have sharp peaks.
      return sum + height * (turn * (1 - roughness) + (1 - 2 * Math.abs(turn)) * roughness);
    }, 0);
    return `L${(share * widthPx).toFixed(1)} ${((base - rise) * heightPx).toFixed(1)}`;
  });
  return `M0 ${heightPx}${points.join('')}L${widthPx} ${heightPx}Z`;
}
