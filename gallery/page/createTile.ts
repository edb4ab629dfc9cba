import type { GalleryFile } from '../../src/sinks/gallery/galleryData.ts';
import type { Judgement } from '../../src/sinks/picks/picks.ts';
import type { Item } from '../data/Item.ts';
import { isJudgeable } from '../picks/createPicks.ts';
import { copyButton } from '../text/copyButton.ts';
import { createPicture } from './createPicture.ts';
import { el } from './el.ts';
import { icon } from './icon.ts';

/** The actions of a tile. */
export interface TileActions {
  open(item: Item): void;
  /** Selects or deselects the item for comparing; returns true if it is selected now. */
  toggle(item: Item): boolean;
  isSelected(item: Item): boolean;
  judgementOf(item: Item): Judgement;
  judge(item: Item, change: Partial<Judgement>): void;
  /** Returns the file that the tile shows. */
  fileOf(item: Item): GalleryFile | undefined;
  /** Returns a few words that distinguish the item from others. */
  captionOf(item: Item): string;
  /** Returns short notes to put on the picture: its score, or that it has won. */
  notesOf(item: Item): readonly string[];
  /** Returns the command that makes the item's job again; null if it has not failed. */
  retryOf(item: Item): string | null;
}

/** Functions that show a tile's judgement and selection as they are now. */
const paints = new WeakMap<Element, () => void>();
const itemsOfTiles = new WeakMap<Element, Item>();

/** Shows judgement and selection of an item on its tiles, those in the document. */
export function repaint(item: Item): void {
  for (const tile of document.querySelectorAll('.tile'))
    if (itemsOfTiles.get(tile) === item) paints.get(tile)?.();
}

/** Returns the item of the tile around an element; undefined outside of tiles. */
export function itemAt(element: Element | null): Item | undefined {
  const tile = element?.closest('.tile');
  return tile ? itemsOfTiles.get(tile) : undefined;
}

/**
 * Creates the tile of an item: its thumbnail, which opens the item, a ring that picks it, and a button
 * that selects it for comparing. The tile of a failed job has a button that copies a command instead.
 */
export function createTile(item: Item, actions: TileActions): HTMLElement {
  const { name } = item;
  const retry = actions.retryOf(item);
  const tag = (text: string) => el('span', { class: 'note' }, text);
  const notes = actions.notesOf(item).map(tag);
  const pick = roundButton('pick', 'check', `Pick number ${name}`, 'Pick (P)', () => {
    const isPicked = actions.judgementOf(item).verdict === 'picked';
    actions.judge(item, { verdict: isPicked ? null : 'picked' });
  });
  const select = roundButton('select', 'compare', `Compare number ${name}`, 'Compare (C)', () => {
    actions.toggle(item);
    paint();
  });
  const stars = el('span', { class: 'stars' });
  const tile = el(
    'div',
    { class: 'tile' },
    el(
      'button',
      { class: 'open', type: 'button', onclick: () => actions.open(item) },
      createPicture(item, actions.fileOf(item)),
    ),
    notes.length === 0 ? null : el('p', { class: 'notes' }, ...notes),
    ...(isJudgeable(item) ? [pick, select] : []),
    retry === null ? null : unfocusable(copyButton('Copy retry command', () => retry, 'retry')),
    el(
      'p',
      { class: 'caption', 'aria-hidden': 'true' },
      el('span', { class: 'number' }, name),
      stars,
      el('span', { class: 'words', dir: 'auto' }, actions.captionOf(item)),
    ),
  );
  const paint = () => {
    const { verdict, stars: count } = actions.judgementOf(item);
    const isSelected = actions.isSelected(item);
    tile.classList.toggle('is-selected', isSelected);
    tile.classList.toggle('is-picked', verdict === 'picked');
    tile.classList.toggle('is-rejected', verdict === 'rejected');
    pick.setAttribute('aria-pressed', String(verdict === 'picked'));
    select.setAttribute('aria-pressed', String(isSelected));
    stars.textContent = '★'.repeat(count);
  };
  itemsOfTiles.set(tile, item);
  paints.set(tile, paint);
  paint();
  return tile;
}

function roundButton(
  className: string,
  iconName: Parameters<typeof icon>[0],
  label: string,
  title: string,
  onclick: () => void,
): HTMLButtonElement {
  // Not in the tab order: there would be thousands, and the keys do the same.
  const attributes = { class: `round ${className}`, type: 'button', 'aria-label': label, title, onclick };
  return unfocusable(el('button', attributes, icon(iconName)));
}

function unfocusable(button: HTMLButtonElement): HTMLButtonElement {
  button.tabIndex = -1;
  return button;
}
