import type { Item } from '../data/Item.ts';
import { createPicture } from './createPicture.ts';
import { el } from './el.ts';
import { icon } from './icon.ts';

/** What people can do with a tile. */
export interface TileActions {
  open(item: Item): void;
  /** Puts the item among those to compare, or takes it away; tells whether it is among them now. */
  toggle(item: Item): boolean;
  isSelected(item: Item): boolean;
  /** What tells the item from others, in a few words. */
  captionOf(item: Item): string;
}

/** An item in the grid or the table: its picture, which opens it, and a button that selects it for comparing. */
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
