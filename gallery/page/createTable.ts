import type { Facet } from '../data/facetsOf.ts';
import type { Item } from '../data/Item.ts';
import { formatSeconds } from '../text/formatSeconds.ts';
import { usd } from '../text/usd.ts';
import { breakable } from './breakable.ts';
import { createTile, type TileActions } from './createTile.ts';
import { el } from './el.ts';

/** Tiles in one cell, at most; a button shows the others. */
const MAX_IN_CELL = 4;
/** Rows or columns of a table, at most: more would be no overview. */
export const maxAxisValues = 30;

export interface TableActions extends TileActions {
  /** Shows all items of a cell. */
  showAll(row: string, column: string): void;
}

/**
 * Creates a table of two facets, such as prompt x model, with a cell for each pair of values: its
 * images, each with cost, time and score.
 */
export function createTable(
  items: readonly Item[],
  rows: Facet,
  columns: Facet,
  actions: TableActions,
): HTMLElement {
  const cells = new Map<string, Item[]>();
  for (const item of items) {
    const key = JSON.stringify([rows.valueOf(item), columns.valueOf(item)]);
    const cell = cells.get(key);
    if (cell) cell.push(item);
    else cells.set(key, [item]);
  }
  const present = (facet: Facet) => {
    const values = new Set(items.map(facet.valueOf));
    return facet.values.filter((value) => values.has(value)).slice(0, maxAxisValues);
  };
  const columnValues = present(columns);
  const head = el(
    'tr',
    {},
    el('th', { class: 'corner', scope: 'col' }, `${rows.label} \\ ${columns.label}`),
    ...columnValues.map((value) => el('th', { scope: 'col', dir: 'auto' }, ...breakable(value))),
  );
  const cellOf = (found: readonly Item[], row: string, column: string) => {
    const tiles = found.slice(0, MAX_IN_CELL).map((item) => {
      const facts = factsOf(item);
      return el(
        'div',
        { class: 'entry' },
        createTile(item, actions),
        facts === '' ? null : el('p', { class: 'facts' }, facts),
      );
    });
    const more = el(
      'button',
      { class: 'more', type: 'button', onclick: () => actions.showAll(row, column) },
      `All ${found.length}`,
    );
    return el(
      'td',
      { class: tiles.length > 1 ? 'several' : '' },
      ...tiles,
      found.length === 0 ? el('span', { class: 'quiet' }, 'none') : null,
      found.length > MAX_IN_CELL ? more : null,
    );
  };
  const body = present(rows).map((row) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row', dir: 'auto' }, el('span', { class: 'head' }, ...breakable(row))),
      ...columnValues.map((column) => cellOf(cells.get(JSON.stringify([row, column])) ?? [], row, column)),
    ),
  );
  return el(
    'div',
    { class: 'table-frame', tabindex: 0, role: 'region', 'aria-label': `${rows.label} by ${columns.label}` },
    el('table', { class: 'axes' }, el('thead', {}, head), el('tbody', {}, ...body)),
  );
}

/** Returns cost, time and score of an item, as far as they are known. */
function factsOf({ job }: Item): string {
  const { costUsd, isEstimate, predictS, ownWallS, score, status } = job;
  const seconds = predictS ?? ownWallS;
  const facts = [
    costUsd !== undefined && status === 'saved' && `${isEstimate ? '~' : ''}${usd(costUsd)}`,
    seconds !== undefined && formatSeconds(seconds),
    score !== undefined && `score ${score.toFixed(2)}`,
  ];
  return facts.filter((fact) => fact !== false).join(' · ');
}
