import type { Json } from '../types.ts';
import { nearestAspectRatio } from './nearestAspectRatio.ts';
import { nearestName } from './nearestName.ts';

/**
 * The one of an input's choices that a refused text was probably meant to be: the nearest shape for an aspect ratio, the
 * nearest spelling for a word. Null where none is near.
 */
export function nearestChoice(value: Json, choices: readonly Json[]): string | null {
  if (typeof value !== 'string') return null;
  const [, width, height] = /^\s*(\d+(?:\.\d+)?)\s*[:x]\s*(\d+(?:\.\d+)?)\s*$/.exec(value) ?? [];
  if (Number(width) > 0 && Number(height) > 0) {
    return nearestAspectRatio(Number(width), Number(height), choices);
  }
  return nearestName(
    value,
    choices.filter((choice) => typeof choice === 'string'),
  );
}
