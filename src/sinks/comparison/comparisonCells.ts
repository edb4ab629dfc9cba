import { formatUsd } from '../../formatUsd.ts';
import type { Outcome } from '../../types.ts';
import type { SheetCell } from '../contactSheet/SheetCell.ts';
import { thumbnailPath } from '../thumbnailPath.ts';
import type { ComparedCells } from './ComparedCells.ts';

export interface ComparisonAxes {
  /** The tags that tell rows and columns. */
  rows: string;
  columns: string;
}

/** Nobody compares more at a glance. */
const MAX_CELLS = 2_000;

/**
 * Lays outcomes out by two of their tags, in the order in which values come. A cell has the first picture that was made for it,
 * else why there is none.
 */
export async function comparisonCells(
  outcomes: AsyncIterable<Outcome>,
  axes: ComparisonAxes,
): Promise<ComparedCells> {
  const cells = new Map<string, SheetCell>();
  const rows = new Set<string>();
  const columns = new Set<string>();
  for await (const outcome of outcomes) {
    const { [axes.rows]: row, [axes.columns]: column } = outcome.tags;
    if (row === undefined || column === undefined) continue;
    rows.add(row);
    columns.add(column);
    const key = JSON.stringify([row, column]);
    const isBetter = cells.get(key)?.picture == null && (outcome.status === 'saved' || !cells.has(key));
    if (isBetter && cells.size < MAX_CELLS) cells.set(key, cellOf(outcome));
  }
  return {
    rows: [...rows],
    columns: [...columns],
    at: (row, column) => cells.get(JSON.stringify([row, column])),
  };
}

function cellOf({ files, metrics, costUsd, error, status }: Outcome): SheetCell {
  const original = files.find(({ role, width }) => role === 'original' && width !== null);
  const { width, height } = original ?? {};
  const seconds = metrics.predict_time;
  const facts = [
    typeof seconds === 'number' ? `${seconds.toFixed(1)} s` : '',
    costUsd === null ? '' : formatUsd(Math.round(costUsd * 1_000_000)),
  ];
  return {
    picture: original === undefined ? null : thumbnailPath(original),
    ratio: (width ?? 1) / (height ?? width ?? 1),
    reason: error?.code ?? status,
    title: original === undefined ? '' : facts.filter((fact) => fact !== '').join(' · '),
    text: '',
  };
}
