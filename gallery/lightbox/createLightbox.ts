import type { GalleryFile } from '../../src/sinks/gallery/galleryData.ts';
import type { Item } from '../data/Item.ts';
import { createPicture } from '../page/createPicture.ts';
import { el } from '../page/el.ts';
import { urlOf } from '../text/urlOf.ts';
import { createDetails } from './createDetails.ts';
import { createZoom, type Swipe } from './createZoom.ts';
import { iconButton } from './iconButton.ts';

export interface Lightbox {
  readonly element: HTMLElement;
  /** Shows an item; `items` are all items to turn through, this one included. */
  open(item: Item, items: readonly Item[]): void;
}

export interface LightboxActions {
  /** Selects or deselects the item; returns true if it is selected now. */
  toggle(item: Item): boolean;
  isSelected(item: Item): boolean;
  /** Called with the item that was shown when the lightbox was closed. */
  closed(item: Item): void;
}

/**
 * Creates the lightbox: one item over the whole window. Left and right show other items, up and
 * down other renditions; + - 0 1 zoom, I toggles the details, C selects for comparing, Escape
 * closes. Swipes work like the arrow keys.
 */
export function createLightbox({ toggle, isSelected, closed }: LightboxActions): Lightbox {
  let items: readonly Item[] = [];
  let position = 0;
  let rendition = 0;
  const zoom = createZoom((direction) => go(direction));
  const counter = el('p', { class: 'counter', role: 'status' });
  const stage = el('div', { class: 'stage' });
  const tabs = el('div', { class: 'renditions', role: 'group', 'aria-label': 'Renditions' });
  const aside = el('aside', { 'aria-label': 'Details', tabindex: 0 });
  const compare = el('button', { type: 'button', onclick: () => toggleCompare() }, 'Compare');
  const details = el(
    'button',
    { type: 'button', 'aria-expanded': 'true', onclick: () => toggleDetails() },
    'Details',
  );
  const element = el(
    'dialog',
    { class: 'lightbox', 'aria-label': 'Picture', onclose: () => leave() },
    el(
      'div',
      { class: 'bar' },
      counter,
      el(
        'div',
        { class: 'buttons' },
        iconButton('minus', 'Smaller (-)', () => zoom.by(1 / 1.4), 'zoom'),
        iconButton('plus', 'Larger (+)', () => zoom.by(1.4), 'zoom'),
        iconButton('fit', 'Fit (0)', () => zoom.fit(), 'zoom'),
        compare,
        details,
        iconButton('close', 'Close (Escape)', () => element.close()),
      ),
    ),
    el(
      'div',
      { class: 'middle' },
      iconButton('previous', 'Previous picture', () => go('right'), 'turn previous'),
      stage,
      iconButton('next', 'Next picture', () => go('left'), 'turn next'),
    ),
    tabs,
    aside,
  );

  const show = () => {
    const item = items[position];
    if (item === undefined) return;
    const file = item.files[rendition];
    counter.textContent = `${position + 1} of ${items.length}`;
    element.setAttribute('aria-label', `Number ${item.name}`);
    compare.setAttribute('aria-pressed', String(isSelected(item)));
    compare.hidden = item.files.length === 0;
    zoom.detachAll();
    zoom.fit();
    const picture = file?.width === undefined ? createPicture(item) : pictureOf(item, file);
    stage.replaceChildren(picture);
    if (file?.width !== undefined) zoom.attach(stage, picture);
    tabs.hidden = item.files.length < 2;
    tabs.replaceChildren(
      ...item.files.map(({ name, width, height }, number) =>
        el(
          'button',
          {
            type: 'button',
            'aria-pressed': String(number === rendition),
            onclick: () => showRendition(number),
          },
          name,
          el('span', { class: 'quiet' }, width === undefined ? '' : ` ${width} × ${height}`),
        ),
      ),
    );
  };
  const showItem = (next: number) => {
    position = Math.max(0, Math.min(items.length - 1, next));
    rendition = 0;
    show();
    const item = items[position];
    if (item) aside.replaceChildren(createDetails(item));
    aside.scrollTop = 0;
  };
  const showRendition = (number: number) => {
    const count = items[position]?.files.length ?? 0;
    rendition = Math.max(0, Math.min(count - 1, number));
    const hadFocus = tabs.contains(document.activeElement);
    show();
    if (hadFocus) (tabs.children[rendition] as HTMLElement | undefined)?.focus();
  };
  const go = (direction: Swipe) => {
    if (direction === 'left') showItem(position + 1);
    else if (direction === 'right') showItem(position - 1);
    else showRendition(rendition + (direction === 'up' ? 1 : -1));
  };
  const toggleCompare = () => {
    const item = items[position];
    if (item && item.files.length > 0) compare.setAttribute('aria-pressed', String(toggle(item)));
  };
  const toggleDetails = () => {
    aside.hidden = !aside.hidden;
    details.setAttribute('aria-expanded', String(!aside.hidden));
  };
  const leave = () => {
    zoom.detachAll();
    stage.replaceChildren();
    const item = items[position];
    if (item) closed(item);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowRight: () => go('left'),
    ArrowLeft: () => go('right'),
    ArrowDown: () => go('up'),
    ArrowUp: () => go('down'),
    '+': () => zoom.by(1.4),
    '=': () => zoom.by(1.4),
    '-': () => zoom.by(1 / 1.4),
    '0': () => zoom.fit(),
    '1': () => zoom.actualSize(),
    i: toggleDetails,
    c: toggleCompare,
  };
  element.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey } = event;
    // In the details, up and down scroll.
    const scrolls = target === aside && (key === 'ArrowUp' || key === 'ArrowDown');
    const action = keys[key];
    if (action === undefined || scrolls || altKey || ctrlKey || metaKey) return;
    event.preventDefault();
    action();
  });

  return {
    element,
    open(item, all) {
      items = all;
      element.showModal();
      showItem(all.indexOf(item));
    },
  };
}

function pictureOf({ job }: Item, { path, name }: GalleryFile): HTMLElement {
  const alt = name === 'original' ? job.prompt : `${name}: ${job.prompt}`;
  return el('img', { src: urlOf(path), alt, draggable: 'false' });
}
