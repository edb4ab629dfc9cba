import type { VariantTally } from '../sinks/comparison/tallyVotes.ts';

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
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = [head, ...rows].map((row) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  const from = people === 1 ? '1 file' : `${people} files`;
  return `${[`${votes} votes from ${from}`, ...lines].join('\n')}\n`;
}
