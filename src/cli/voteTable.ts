import type { VariantTally } from '../sinks/comparison/tallyVotes.ts';
import { columns } from './columns.ts';

/** A tally for people, the best first. */
export function voteTable(tally: readonly VariantTally[], votes: number, people: number): string {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const head = ['variant', 'better', 'worse', 'equal', 'win rate', '95 % interval'];
  const rows = tally.map(({ variant, wins, losses, ties, winRate, low, high }) => [
    variant,
    String(wins),
    String(losses),
    String(ties),
    percent(winRate),
    `${percent(low)} to ${percent(high)}`,
  ]);
  const lines = columns([head, ...rows]);
  const from = people === 1 ? '1 file' : `${people} files`;
  return `${[`${votes} votes from ${from}`, ...lines].join('\n')}\n`;
}
