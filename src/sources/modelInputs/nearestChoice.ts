import { nearestName } from '../../base/suggest.ts';
import type { Json } from '../../types.ts';

/**
 * Returns the choice that a refused text was probably meant to be: the nearest shape for an aspect
 * ratio, the nearest spelling for a word. Null if none is near.
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

interface Choice {
  readonly text: string;
  /** Distance of its ratio from the wanted one: 0 if equal; half and double are equally far. */
  readonly distance: number;
  readonly area: number;
}

/**
 * Returns the choice whose shape is nearest to a frame's: of
 * `["1:1", "16:9", "9:16", "match_input_image"]` for 1200 x 628 it is `16:9`. Choices are `W:H` or
 * `WxH`; others are skipped. If two are equally near, the one with the larger area wins
 * (`1024x1024` over `512x512`), then the first. Null if no choice is a ratio.
 */
export function nearestAspectRatio(
  widthPx: number,
  heightPx: number,
  choices: readonly Json[],
): string | null {
  const wanted = Math.log(widthPx / heightPx);
  const readable = choices.map((choice) => readChoice(choice, wanted)).filter((choice) => choice !== null);
  const [first, ...rest] = readable;
  if (first === undefined) return null;
  return rest.reduce((best, choice) => (isNearer(choice, best) ? choice : best), first).text;
}

function readChoice(choice: Json, wanted: number): Choice | null {
  if (typeof choice !== 'string') return null;
  const [, width, height] = /^\s*(\d+(?:\.\d+)?)\s*[:x×]\s*(\d+(?:\.\d+)?)\s*$/i.exec(choice) ?? [];
  const [across, down] = [Number(width), Number(height)];
  if (!(across > 0 && down > 0)) return null;
  return { text: choice, distance: Math.abs(Math.log(across / down) - wanted), area: across * down };
}

function isNearer(choice: Choice, best: Choice): boolean {
  const difference = choice.distance - best.distance;
  return Math.abs(difference) < 1e-9 ? choice.area > best.area : difference < 0;
}
