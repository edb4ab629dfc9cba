import { el } from '../page/el.ts';
import { svg } from '../page/svg.ts';

export interface BarRow {
  readonly name: string;
  /** Grey text below the name. */
  readonly note: string | null;
  readonly figures: readonly string[];
  /** Length of the bar, 0…1. */
  readonly share: number;
  readonly onOpen?: () => void;
}

/** Creates a table with a bar in each row. */
export function barTable(heads: readonly string[], rows: readonly BarRow[]): HTMLElement {
  return el(
    'table',
    { class: 'bars' },
    el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, ...rows.map(rowOf)),
  );
}

function rowOf({ name, note, figures, share, onOpen }: BarRow): HTMLElement {
  const width = Math.max(0, Math.min(100, share * 100));
  const bar = svg(
    'svg',
    { viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { width, height: 4 }),
  );
  return el(
    'tr',
    {},
    el(
      'th',
      { scope: 'row' },
      onOpen === undefined
        ? el('span', { class: 'name', dir: 'auto' }, name)
        : el('button', { class: 'name', type: 'button', dir: 'auto', onclick: onOpen }, name),
      bar,
      note === null || note === '' ? null : el('span', { class: 'quiet' }, note),
    ),
    ...figures.map((value) => el('td', {}, value)),
  );
}
