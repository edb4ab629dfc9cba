import { cutParts } from '../disk/cutPower.ts';
import { type CutState, scenes } from './cutWorld.ts';

/** The golden ratio: its multiples leave no gap, however many there are. */
const GOLDEN = 0.618_033_988_749_895;

/** Returns the states with these numbers: all scenes and parts in turn, moments all over the run. */
export function drawStates(count: number, first = 0): CutState[] {
  return Array.from({ length: count }, (_, n) => {
    const number = first + n;
    const partOf = (at: number) => cutParts[at % cutParts.length] ?? 'any';
    const scene = scenes[number % scenes.length] ?? 'first';
    const turn = Math.floor(number / scenes.length);
    const share = (number * GOLDEN) % 1;
    const isTwice = number % 3 === 2;
    return {
      scene,
      share,
      part: partOf(turn),
      again: isTwice ? { share: (number * GOLDEN * 7) % 1, part: partOf(turn + 3) } : null,
      seed: number + 1,
    };
  });
}
