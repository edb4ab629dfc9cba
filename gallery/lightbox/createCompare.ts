import type { Item } from '../data/Item.ts';
import type { TileActions } from '../page/createTile.ts';
import { el } from '../page/el.ts';
import { isJudgeable } from '../picks/createPicks.ts';
import { urlOf } from '../text/urlOf.ts';
import { createZoom } from './createZoom.ts';
import { differences } from './differences.ts';
import { iconButton } from './iconButton.ts';

export interface Compare {
  readonly element: HTMLDialogElement;
  open(items: readonly Item[]): void;
}

const modes = { side: 'Side by side (S)', swipe: 'Swipe (W)', difference: 'Difference (D)' } as const;

type Mode = keyof typeof modes;

/**
 * Creates the comparison of two to four images: side by side, the first two over each other with an
 * edge to move, or their difference. Zoom and position apply to all. Captions show the differences,
 * and have a button that picks the image.
 */
export function createCompare({ judge, judgementOf }: Pick<TileActions, 'judge' | 'judgementOf'>): Compare {
  const zoom = createZoom();
  const panes = el('div', { class: 'panes' });
  const edge = el('input', {
    type: 'range',
    class: 'edge',
    min: 0,
    max: 100,
    value: 50,
    'aria-label': 'Edge of the swipe',
    oninput: () => moveEdge(),
  });
  const modeButtons = Object.entries(modes).map(([mode, label]) => ({
    mode: mode as Mode,
    button: el(
      'button',
      { type: 'button', title: label, onclick: () => setMode(mode as Mode) },
      label.replace(/ \(.*/, ''),
    ),
  }));
  let mode: Mode = 'side';
  let items: readonly Item[] = [];
  /** The buttons that pick, by item. */
  let pickButtons: readonly HTMLButtonElement[] = [];
  const element = el(
    'dialog',
    { class: 'compare', 'aria-label': 'Compare pictures', onclose: () => leave() },
    el(
      'div',
      { class: 'bar' },
      el('h2', {}, 'Compare'),
      el(
        'div',
        { class: 'buttons', role: 'group', 'aria-label': 'Mode' },
        ...modeButtons.map(({ button }) => button),
      ),
      el(
        'div',
        { class: 'buttons' },
        iconButton('minus', 'Smaller (-)', () => zoom.by(1 / 1.4), 'zoom'),
        iconButton('plus', 'Larger (+)', () => zoom.by(1.4), 'zoom'),
        iconButton('fit', 'Fit or 100 % (Z)', () => zoom.toggle(), 'zoom'),
        iconButton('close', 'Close (Escape)', () => element.close()),
      ),
    ),
    edge,
    panes,
  );
  const leave = () => {
    zoom.detachAll();
    panes.replaceChildren();
  };
  const moveEdge = () => {
    panes.querySelector<HTMLElement>('.over')?.style.setProperty('--edge', `${edge.value}%`);
  };
  const setMode = (next: Mode) => {
    mode = next;
    show();
  };
  const show = () => {
    zoom.detachAll();
    zoom.fit();
    for (const { mode: each, button } of modeButtons)
      button.setAttribute('aria-pressed', String(each === mode));
    edge.hidden = mode !== 'swipe';
    const captions = items.map(captionOf);
    pickButtons = captions.map(({ pick }) => pick);
    if (mode === 'side') {
      panes.className = `panes of-${items.length}`;
      panes.replaceChildren(
        ...items.map((item, index) => {
          const stage = stageOf(item);
          return el('figure', {}, stage, captions[index]?.element ?? null);
        }),
      );
    } else {
      panes.className = 'panes of-1';
      const [under, over] = items;
      const stage = el('div', { class: `stage is-${mode}` });
      if (under && over) {
        stage.append(pictureOf(under), el('div', { class: 'over' }, pictureOf(over)));
        zoom.attach(stage, ...stage.querySelectorAll('img'));
      }
      panes.replaceChildren(
        el(
          'figure',
          {},
          stage,
          el('div', { class: 'captions' }, ...captions.slice(0, 2).map((each) => each.element)),
        ),
      );
      moveEdge();
    }
    paint();
  };
  const stageOf = (item: Item) => {
    const picture = pictureOf(item);
    const stage = el('div', { class: 'stage' }, picture);
    zoom.attach(stage, picture);
    return stage;
  };
  const captionOf = (item: Item, index: number) => {
    const pick = el(
      'button',
      { type: 'button', title: `Pick this (${index + 1})`, onclick: () => pickAt(index) },
      'Pick this',
    );
    pick.hidden = !isJudgeable(item);
    const facts = differences(item, items).map(([name, value]) =>
      el('span', { class: 'fact', dir: 'auto' }, el('span', { class: 'quiet' }, `${name} `), value),
    );
    const caption = el(
      'figcaption',
      {},
      el('strong', {}, item.name),
      ...facts,
      pick,
      el('span', { class: 'words quiet', dir: 'auto' }, item.job.prompt.slice(0, 300)),
    );
    return { element: caption, pick };
  };
  const pickAt = (index: number) => {
    const item = items[index];
    if (item === undefined || !isJudgeable(item)) return;
    judge(item, { verdict: judgementOf(item).verdict === 'picked' ? null : 'picked' });
    paint();
  };
  const paint = () => {
    for (const [index, item] of items.entries())
      pickButtons[index]?.setAttribute('aria-pressed', String(judgementOf(item).verdict === 'picked'));
  };
  const keys: Readonly<Record<string, () => void>> = {
    '+': () => zoom.by(1.4),
    '=': () => zoom.by(1.4),
    '-': () => zoom.by(1 / 1.4),
    z: () => zoom.toggle(),
    s: () => setMode('side'),
    w: () => setMode('swipe'),
    d: () => setMode('difference'),
    ArrowLeft: () => edgeBy(-4),
    ArrowRight: () => edgeBy(4),
  };
  const edgeBy = (change: number) => {
    edge.value = String(Number(edge.value) + change);
    moveEdge();
  };
  element.addEventListener('keydown', (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || event.target === edge) return;
    if (/^[1-4]$/.test(key)) pickAt(Number(key) - 1);
    else keys[key.length === 1 ? key.toLowerCase() : key]?.();
  });
  return {
    element,
    open(chosen) {
      items = chosen;
      mode = 'side';
      element.showModal();
      show();
    },
  };
}

function pictureOf({ files: [original], job }: Item): HTMLElement {
  return el('img', { src: urlOf(original?.path ?? ''), alt: job.prompt, draggable: 'false' });
}
