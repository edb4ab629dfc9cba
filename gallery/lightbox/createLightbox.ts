import type { GalleryFile } from '../../src/sinks/gallery/galleryData.ts';
import type { Item } from '../data/Item.ts';
import { createPicture } from '../page/createPicture.ts';
import type { TileActions } from '../page/createTile.ts';
import { el } from '../page/el.ts';
import { createJudge } from '../picks/createJudge.ts';
import { isJudgeable } from '../picks/createPicks.ts';
import { judgementFor } from '../picks/judgementFor.ts';
import { urlOf } from '../text/urlOf.ts';
import { createDetails } from './createDetails.ts';
import { createFilmstrip } from './createFilmstrip.ts';
import { createZoom, type Swipe } from './createZoom.ts';
import { iconButton } from './iconButton.ts';

export interface Lightbox {
  readonly element: HTMLDialogElement;
  /** Shows an item; `items` are all items to turn through, this one included. */
  open(item: Item, items: readonly Item[]): void;
  close(): void;
  /** The item that is shown; undefined if the lightbox is closed. */
  shown(): Item | undefined;
}

export interface LightboxActions
  extends Pick<TileActions, 'toggle' | 'isSelected' | 'judge' | 'judgementOf' | 'retryOf'> {
  /** Position among an item's files of the one to show first. */
  firstFileOf(item: Item): number;
  /** Called with each item that is shown. */
  onShown(item: Item): void;
  /** Called with the item that was shown when the lightbox was closed. */
  closed(item: Item): void;
}

/**
 * Creates the lightbox: one item over the whole window. Left and right show other items, up and
 * down other renditions; + - Z zoom, P, X and digits judge, I toggles the details, C selects for
 * comparing, Escape closes. Swipes work like the arrow keys.
 */
export function createLightbox(actions: LightboxActions): Lightbox {
  const { toggle, isSelected, judge, judgementOf, firstFileOf } = actions;
  let items: readonly Item[] = [];
  let position = 0;
  let rendition = 0;
  const zoom = createZoom((direction) => go(direction));
  const counter = el('p', { class: 'counter', role: 'status' });
  const stage = el('div', { class: 'stage' });
  const tabs = el('div', { class: 'renditions', role: 'group', 'aria-label': 'Renditions' });
  const aside = el('aside', { 'aria-label': 'Details', tabindex: 0 });
  const judgeButtons = createJudge((key) => judgeBy(key));
  const strip = createFilmstrip({
    onOpen: (item) => showItem(items.indexOf(item)),
    isPicked: (item) => judgementOf(item).verdict === 'picked',
  });
  const compare = el('button', { type: 'button', onclick: () => toggleCompare() }, 'Compare');
  // A browser downloads nothing from one file to another: the link opens it, to be saved from there.
  const isServed = location.protocol !== 'file:';
  const download = el(
    'a',
    { class: 'button', target: '_blank', rel: 'noopener' },
    isServed ? 'Download' : 'Open file',
  );
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
        iconButton('fit', 'Fit or 100 % (Z)', () => zoom.toggle(), 'zoom'),
        compare,
        download,
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
    el('div', { class: 'foot' }, el('div', { class: 'foot-row' }, tabs, judgeButtons.element), strip.element),
    aside,
  );

  const current = () => items[position];
  const show = () => {
    const item = current();
    if (item === undefined) return;
    const file = item.files[rendition];
    counter.textContent = `${position + 1} of ${items.length}`;
    element.setAttribute('aria-label', `Number ${item.name}`);
    compare.setAttribute('aria-pressed', String(isSelected(item)));
    compare.hidden = item.files.length === 0;
    judgeButtons.element.hidden = !isJudgeable(item);
    judgeButtons.show(judgementOf(item));
    download.hidden = file === undefined;
    if (file !== undefined) download.href = urlOf(file.path);
    if (file !== undefined && isServed) download.download = file.path.split('/').at(-1) ?? '';
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
    const item = current();
    if (item === undefined) return;
    rendition = firstFileOf(item);
    show();
    strip.show(items, position);
    aside.replaceChildren(createDetails(item, actions.retryOf(item)));
    aside.scrollTop = 0;
    actions.onShown(item);
  };
  const showRendition = (number: number) => {
    const count = current()?.files.length ?? 0;
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
  const judgeBy = (key: string, andGoOn = false) => {
    const item = current();
    const change = item === undefined ? null : judgementFor(key, judgementOf(item));
    if (item === undefined || change === null) return;
    judge(item, change);
    judgeButtons.show(judgementOf(item));
    strip.show(items, position);
    if (andGoOn) showItem(position + 1);
  };
  const toggleCompare = () => {
    const item = current();
    if (item && item.files.length > 0) compare.setAttribute('aria-pressed', String(toggle(item)));
  };
  const toggleDetails = () => {
    aside.hidden = !aside.hidden;
    details.setAttribute('aria-expanded', String(!aside.hidden));
  };
  const leave = () => {
    zoom.detachAll();
    stage.replaceChildren();
    const item = current();
    if (item) actions.closed(item);
  };
  const keys: Readonly<Record<string, () => void>> = {
    ArrowRight: () => go('left'),
    ArrowLeft: () => go('right'),
    ArrowDown: () => go('up'),
    ArrowUp: () => go('down'),
    Home: () => showItem(0),
    End: () => showItem(items.length - 1),
    '+': () => zoom.by(1.4),
    '=': () => zoom.by(1.4),
    '-': () => zoom.by(1 / 1.4),
    z: () => zoom.toggle(),
    i: toggleDetails,
    c: toggleCompare,
  };
  element.addEventListener('keydown', (event) => {
    const { key, target, altKey, ctrlKey, metaKey, shiftKey } = event;
    if (altKey || ctrlKey || metaKey) return;
    // In the details, up, down, Home and End scroll.
    const scrolls = target === aside && /^(Arrow(Up|Down)|Home|End)$/.test(key);
    const action = keys[key.length === 1 ? key.toLowerCase() : key];
    if (/^[pxu0-5]$/i.test(key)) judgeBy(key, shiftKey);
    else if (action === undefined || scrolls) return;
    else action();
    event.preventDefault();
  });

  return {
    element,
    open(item, all) {
      items = all;
      if (!element.open) element.showModal();
      showItem(all.indexOf(item));
    },
    close: () => element.close(),
    shown: () => (element.open ? current() : undefined),
  };
}

function pictureOf({ job }: Item, { path, name }: GalleryFile): HTMLElement {
  const alt = name === 'original' ? job.prompt : `${name}: ${job.prompt}`;
  return el('img', { src: urlOf(path), alt, draggable: 'false' });
}
