import { el } from '../page/el.ts';
import { svg } from '../page/svg.ts';

export interface BarRow {
  readonly name: string;
  /** Grey text below the name. */
  readonly note: string | null;
  readonly figures: readonly string[];
  /** Length of the bar, 0…1; null for none. */
  readonly share: number | null;
  readonly onOpen?: () => void;
}

/** Creates a table with a bar in each row, and a last row with the totals if there are any. */
export function barTable(
  heads: readonly string[],
  rows: readonly BarRow[],
  total: BarRow | null = null,
): HTMLElement {
  return el(
    'table',
    { class: 'bars' },
    el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, ...rows.map(rowOf)),
    total === null ? null : el('tfoot', {}, rowOf(total)),
  );
}

function rowOf({ name, note, figures, share, onOpen }: BarRow): HTMLElement {
  return el(
    'tr',
    {},
    el(
      'th',
      { scope: 'row' },
      onOpen === undefined
        ? el('span', { class: 'name', dir: 'auto' }, name)
        : el('button', { class: 'name', type: 'button', dir: 'auto', onclick: onOpen }, name),
      share === null ? null : barOf(share),
      note === null || note === '' ? null : el('span', { class: 'quiet' }, note),
    ),
    ...figures.map((value) => el('td', {}, value)),
  );
}

function barOf(share: number): SVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { width: Math.max(0, Math.min(100, share * 100)), height: 4 }),
  );
}
