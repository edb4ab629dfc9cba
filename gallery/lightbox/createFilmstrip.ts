import type { Item } from '../data/Item.ts';
import { createPicture } from '../page/createPicture.ts';
import { el } from '../page/el.ts';

/** Thumbnails on each side of the current one: a strip of thousands would take seconds. */
const REACH = 20;

export interface Filmstrip {
  readonly element: HTMLElement;
  /** Shows the neighbours of a position, which is marked. */
  show(items: readonly Item[], position: number): void;
}

export interface FilmstripConfig {
  onOpen(item: Item): void;
  isPicked(item: Item): boolean;
}

/** Creates the strip of thumbnails below the image: the neighbours in the order of the page. */
export function createFilmstrip({ onOpen, isPicked }: FilmstripConfig): Filmstrip {
  const element = el('div', { class: 'strip', role: 'group', 'aria-label': 'Neighbours' });
  let frames = new Map<Item, HTMLButtonElement>();
  return {
    element,
    show(items, position) {
      const first = Math.max(0, position - REACH);
      const shown = items.slice(first, position + REACH + 1);
      frames = new Map(shown.map((item) => [item, frames.get(item) ?? frameOf(item)]));
      element.hidden = items.length < 2;
      element.replaceChildren(...frames.values());
      for (const [item, frame] of frames) frame.classList.toggle('is-picked', isPicked(item));
      for (const frame of frames.values()) frame.removeAttribute('aria-current');
      const current = frames.get(items[position] as Item);
      current?.setAttribute('aria-current', 'true');
      if (current) element.scrollLeft = current.offsetLeft - (element.clientWidth - current.offsetWidth) / 2;
    },
  };

  function frameOf(item: Item): HTMLButtonElement {
    const picture = item.files[0]?.width === undefined ? el('span', {}, '–') : createPicture(item);
    if (picture instanceof HTMLImageElement) picture.alt = '';
    return el(
      'button',
      {
        type: 'button',
        tabindex: -1,
        'aria-label': `Number ${item.name}`,
        onclick: () => onOpen(item),
      },
      picture,
    );
  }
}
