import { formatUsd } from '../formatUsd.ts';
import type { Plan } from '../types.ts';
import { beginningOf } from './beginningOf.ts';
import { displayWidth } from './displayWidth.ts';
import { jobName } from './jobName.ts';
import { shorten } from './shorten.ts';

const SHORTEST_PROMPT = 20;

/** One planned job on a line of so many columns: number, model, path, price, seed, and as much of the prompt as fits. */
export function planRow({ index, model, path, priceMicroUsd, input, prompt }: Plan, columns: number): string {
  const { seed } = input;
  const facts = [
    jobName(index).padStart(5),
    model,
    path,
    priceMicroUsd === null ? 'price unknown' : formatUsd(priceMicroUsd),
    ...(typeof seed === 'number' ? [`seed ${seed}`] : []),
  ].join('  ');
  const left = columns - displayWidth(facts) - 2;
  // In a narrow window the row breaks in two rather than lose its prompt.
  const room = left < SHORTEST_PROMPT ? columns - 9 : left;
  const between = left < SHORTEST_PROMPT ? '\n       ' : '  ';
  return `${facts}${between}${shorten(beginningOf(prompt), room)}`;
}
