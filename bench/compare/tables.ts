import { barChart } from './barChart.ts';
import type { Runs } from './contest.ts';

/** A table of the page, and the plot of its first column. */
export interface Table {
  /** Name of the plot's file. */
  readonly name: string;
  readonly title: string;
  readonly text: string;
  readonly markdown: string;
  readonly svg: string;
}

/** A figure of each run, and how it is shown. */
export interface Column {
  readonly title: string;
  readonly of: (run: Runs['runs'][number]) => number;
  readonly digits: number;
  readonly unit: string;
}

export const columns = {
  wall: { title: 'wall', of: ({ wallS }) => wallS, digits: 2, unit: 's' },
  cpu: { title: 'CPU', of: ({ cpuS }) => cpuS, digits: 2, unit: 's' },
  peak: { title: 'peak memory', of: ({ peakMb }) => peakMb, digits: 0, unit: 'MB' },
  requests: { title: 'API requests an image', of: ({ requests }) => requests, digits: 2, unit: '' },
} as const satisfies Record<string, Column>;

/** Returns the column of images a second. */
export function rate(images: number): Column {
  return { title: 'images a second', of: ({ wallS }) => images / wallS, digits: 0, unit: '' };
}

/** The median of some figures, and their spread. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b);
  const [min = 0] = sorted;
  return { min, median: sorted[Math.floor(sorted.length / 2)] ?? 0, max: sorted.at(-1) ?? 0 };
}

/** Makes a table with a row for each contestant and a column for each figure. */
export function tableOf(
  { name, title, text }: Pick<Table, 'name' | 'title' | 'text'>,
  results: readonly Runs[],
  shown: readonly [Column, ...Column[]],
): Table {
  const cell = (runs: Runs['runs'], column: Column) => shownSpread(spread(runs.map(column.of)), column);
  const rows = results.map(
    ({ name: who, runs }) =>
      `| ${who}${failures(runs)} | ${shown.map((column) => cell(runs, column)).join(' | ')} |`,
  );
  const heading = `| | ${shown.map((column) => column.title).join(' | ')} |\n| --- |${' --- |'.repeat(shown.length)}`;
  const [first] = shown;
  const bars = results.map(({ name: who, runs }) => ({ name: who, ...spread(runs.map(first.of)) }));
  return { name, title, text, markdown: [heading, ...rows].join('\n'), svg: barChart(title, bars, first) };
}

function shownSpread({ median, min, max }: Spread, { digits, unit }: Column): string {
  const [middle, least, most] = [median, min, max].map((figure) => figure.toFixed(digits));
  const shown = unit === '' ? middle : `${middle} ${unit}`;
  return least === most ? `${shown}` : `${shown} (${least}–${most})`;
}

function failures(runs: Runs['runs']): string {
  const failed = runs.filter(({ exitCode }) => exitCode !== 0).length;
  return failed === 0 ? '' : ` (${failed} of ${runs.length} runs failed)`;
}
