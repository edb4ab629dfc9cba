import type { Item } from '../data/Item.ts';
import { createTile, type TileActions } from './createTile.ts';
import { el } from './el.ts';
import { type GridLayout, type GridRow, layoutRows } from './layoutRows.ts';
import { neighbour } from './neighbour.ts';
import { rowsBetween } from './rowsBetween.ts';

/** Tiles this far beyond the window exist too, so that images load before they scroll into view. */
const MARGIN_PX = 700;
const CAPTION_PX = 30;

export interface Grid {
  readonly element: HTMLElement;
  show(items: readonly Item[]): void;
  /** Replaces the items; keeps and moves the tiles of items that stay. */
  update(items: readonly Item[]): void;
  /** Lays out the grid again; call it when the grid has become visible. */
  refresh(): void;
  /** Focuses an item's tile. */
  focus(item: Item): void;
}

/**
 * Creates the grid: images in rows that fill the width. Only tiles near the window exist, so
 * thousands scroll as smoothly as ten. One tile is in the tab order; the arrow keys, Home and End
 * move the focus from there.
 */
export function createGrid(actions: TileActions): Grid {
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
    const measures = widthPx < 600 ? { rowHeightPx: 150, gapPx: 10 } : { rowHeightPx: 220, gapPx: 16 };
    layout = layoutRows(items.map(ratioOf), { widthPx, captionPx: CAPTION_PX, ...measures });
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
    const next = neighbour(event.key, current, layout.rows);
    if (next === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    focusAt(next);
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
      current = Math.max(0, focused === undefined ? 0 : shown.indexOf(focused));
      arrange();
      reusable = new Map();
    },
    focus: (item) => focusAt(items.indexOf(item)),
  };
}

function openButton(entry: HTMLElement): HTMLElement {
  return entry.querySelector<HTMLElement>('.open') ?? entry;
}

function ratioOf({ files: [original] }: Item): number {
  const { width, height } = original ?? {};
  return width && height ? width / height : 1;
}
