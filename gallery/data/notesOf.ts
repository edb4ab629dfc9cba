import type { RefinementHistory } from '../../src/sinks/refinement/history.ts';
import { ranksOf } from '../lineage/ranks.ts';
import type { Item } from './Item.ts';

/**
 * Returns a function that returns the short notes on an item's picture: its score, and its rank in the
 * end of a refinement.
 */
export function notesOf(refinement: RefinementHistory | undefined): (item: Item) => readonly string[] {
  const ranks = ranksOf(refinement);
  return ({ job: { index, score } }) => {
    const rank = ranks.get(index);
    const place = rank === 1 ? 'Winner' : rank === undefined ? '' : `Rank ${rank}`;
    return [place, score === undefined ? '' : score.toFixed(2)].filter(Boolean);
  };
}
