import type { Item } from '../data/Item.ts';
import { createPicture } from './createPicture.ts';
import { el } from './el.ts';
import { icon } from './icon.ts';

/** The actions of a tile. */
export interface TileActions {
  open(item: Item): void;
  /** Selects or deselects the item; returns true if it is selected now. */
  toggle(item: Item): boolean;
  isSelected(item: Item): boolean;
  /** Returns a few words that distinguish the item from others. */
  captionOf(item: Item): string;
}

/**
 * Creates the tile of an item: its thumbnail, which opens the item, and a button that selects it
 * for comparing.
 */
export function createTile(item: Item, { open, toggle, isSelected, captionOf }: TileActions): HTMLElement {
  const { name } = item;
  const select = el(
    'button',
    {
      class: 'select',
      type: 'button',
      'aria-pressed': String(isSelected(item)),
      'aria-label': `Compare number ${name}`,
      title: 'Compare (C)',
      tabindex: -1,
      onclick: () => setSelected(toggle(item)),
    },
    icon('check'),
  );
  const setSelected = (isOn: boolean) => {
    select.setAttribute('aria-pressed', String(isOn));
    tile.classList.toggle('is-selected', isOn);
  };
  const tile = el(
    'div',
    { class: isSelected(item) ? 'tile is-selected' : 'tile' },
    el('button', { class: 'open', type: 'button', onclick: () => open(item) }, createPicture(item)),
    item.files.length === 0 ? null : select,
    el(
      'p',
      { class: 'caption', 'aria-hidden': 'true' },
      el('span', { class: 'number' }, name),
      el('span', { class: 'words', dir: 'auto' }, captionOf(item)),
    ),
  );
  return tile;
}
