import type { Item } from '../data/Item.ts';
import { createTile, type TileActions } from './createTile.ts';
import { el } from './el.ts';
import { type GridLayout, type GridRow, layoutRows } from './layoutRows.ts';
import { neighbour } from './neighbour.ts';
import { rowsBetween } from './rowsBetween.ts';

/** Tiles this far beyond the window exist too, so that images load before they scroll into view. */
const MARGIN_PX = 700;
const CAPTION_PX = 30;
/** In rows below this height, tiles have no room for buttons and details. */
const SMALL_PX = 140;

export interface Grid {
  readonly element: HTMLElement;
  show(items: readonly Item[]): void;
  /** Replaces the items; keeps and moves the tiles of items that stay. */
  update(items: readonly Item[]): void;
  /** Lays out the grid again; call it when the grid has become visible. */
  refresh(): void;
  /** Focuses an item's tile. */
  focus(item: Item): void;
  /** Focuses the tile on which keys act, and returns its item. */
  focusCurrent(): Item | undefined;
  /** Moves the focus as an arrow key, Home or End does; returns false for other keys. */
  press(key: string): boolean;
}

export interface GridConfig extends TileActions {
  /** Desired height of the rows. */
  rowHeightPx(): number;
}

/**
 * Creates the grid: images in rows that fill the width. Only tiles near the window exist, so
 * thousands scroll as smoothly as ten. One tile is in the tab order; the arrow keys, Home and End
 * move the focus from there.
 */
export function createGrid(actions: GridConfig): Grid {
  const element = el('ul', { class: 'grid', 'aria-label': 'Pictures' });
  const entries = new Map<number, HTMLElement>();
  const itemsOfEntries = new WeakMap<HTMLElement, Item>();
  /** Tiles that `update` may reuse. */
  let reusable = new Map<Item | undefined, HTMLElement>();
  let items: readonly Item[] = [];
  let layout: GridLayout = { rows: [], heightPx: 0 };
  let widthPx = 0;
  let current = 0;
  let isPlanned = false;

  const arrange = () => {
    widthPx = element.clientWidth;
    if (widthPx === 0) return;
    const rowHeightPx = actions.rowHeightPx() * growthOf(items.length);
    element.classList.toggle('is-small', rowHeightPx < SMALL_PX);
    const measures = { rowHeightPx, gapPx: widthPx < 600 ? 10 : 16, captionPx: CAPTION_PX };
    layout = layoutRows(items.map(ratioOf), { widthPx, ...measures });
    element.style.height = `${layout.heightPx}px`;
    for (const entry of entries.values()) entry.remove();
    entries.clear();
    draw();
  };

  const draw = () => {
    isPlanned = false;
    const { top } = element.getBoundingClientRect();
    const rows = rowsBetween(
      layout.rows,
      -top - MARGIN_PX,
      -top + window.innerHeight + MARGIN_PX,
      CAPTION_PX,
    );
    const first = rows[0]?.first ?? 0;
    const end = first + rows.reduce((count, row) => count + row.tiles.length, 0);
    for (const [position, entry] of entries) {
      if ((position >= first && position < end) || entry.contains(document.activeElement)) continue;
      entry.remove();
      entries.delete(position);
    }
    for (const row of rows) addRow(row);
  };

  const addRow = ({ first, top, heightPx, tiles }: GridRow) => {
    for (const [column, tile] of tiles.entries()) {
      const position = first + column;
      const item = items[position];
      if (item === undefined || entries.has(position)) continue;
      const entry = reusable.get(item) ?? el('li', {}, createTile(item, actions));
      itemsOfEntries.set(entry, item);
      entry.ariaPosInSet = String(position + 1);
      entry.ariaSetSize = String(items.length);
      entry.dataset.position = String(position);
      entry.style.transform = `translate(${tile.left}px, ${top}px)`;
      entry.style.width = `${tile.widthPx}px`;
      const button = openButton(entry);
      button.style.height = `${heightPx}px`;
      button.tabIndex = position === current ? 0 : -1;
      entries.set(position, entry);
      element.append(entry);
    }
  };

  const ratioOf = (item: Item): number => {
    const { width, height } = actions.fileOf(item) ?? {};
    return width && height ? width / height : 1;
  };

  const focusAt = (position: number) => {
    const row = layout.rows.findLast(({ first }) => first <= position);
    if (row === undefined || items[position] === undefined) return;
    const previous = entries.get(current);
    if (previous) openButton(previous).tabIndex = -1;
    current = position;
    scrollTo(row);
    draw();
    const entry = entries.get(position);
    if (entry === undefined) return;
    openButton(entry).tabIndex = 0;
    openButton(entry).focus({ preventScroll: true });
  };

  /** Scrolls a row between the toolbar and the lower edge of the window. */
  const scrollTo = ({ top, heightPx }: GridRow) => {
    const y = element.getBoundingClientRect().top + top;
    const above = y - 8 - (document.querySelector('.toolbar')?.getBoundingClientRect().bottom ?? 0);
    const below = y + heightPx + CAPTION_PX + 8 - window.innerHeight;
    if (above < 0) window.scrollBy(0, above);
    else if (below > 0) window.scrollBy(0, below);
  };

  const press = (key: string) => {
    const next = neighbour(key, current, layout.rows);
    if (next === null) return false;
    // The first key shows where the focus is; the next ones move it.
    focusAt(element.contains(document.activeElement) ? next : firstFocus(key));
    return true;
  };
  const firstFocus = (key: string) => (key === 'End' ? items.length - 1 : key === 'Home' ? 0 : current);

  const plan = () => {
    if (!isPlanned) requestAnimationFrame(draw);
    isPlanned = true;
  };
  window.addEventListener('scroll', plan, { passive: true });
  window.addEventListener('resize', plan);
  new ResizeObserver(() => {
    if (element.clientWidth !== widthPx) arrange();
  }).observe(element);
  element.addEventListener('keydown', (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !press(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener('focusin', ({ target }) => {
    const entry = target instanceof Element ? target.closest('li') : null;
    if (entry) current = Number(entry.dataset.position);
  });

  return {
    element,
    show(shown) {
      items = shown;
      current = 0;
      arrange();
    },
    refresh: arrange,
    update(shown) {
      const focused = items[current];
      reusable = new Map([...entries.values()].map((entry) => [itemsOfEntries.get(entry), entry]));
      items = shown;
      const position = focused === undefined ? -1 : shown.indexOf(focused);
      // The tile after one that has gone takes its place.
      current = Math.max(0, position < 0 ? Math.min(current, shown.length - 1) : position);
      arrange();
      reusable = new Map();
    },
    focus: (item) => focusAt(items.indexOf(item)),
    focusCurrent() {
      focusAt(Math.min(current, items.length - 1));
      return items[current];
    },
    press,
  };
}

function openButton(entry: HTMLElement): HTMLElement {
  return entry.querySelector<HTMLElement>('.open') ?? entry;
}

/** Returns how much larger the tiles of a few items are: the window has room for them. */
function growthOf(count: number): number {
  if (count > 6) return 1;
  return count > 2 ? 1.4 : 2;
}
