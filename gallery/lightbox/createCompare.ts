import type { Item } from '../data/Item.ts';
import { el } from '../page/el.ts';
import { urlOf } from '../text/urlOf.ts';
import { usd } from '../text/usd.ts';
import { createZoom } from './createZoom.ts';
import { iconButton } from './iconButton.ts';

export interface Compare {
  readonly element: HTMLElement;
  open(items: readonly Item[]): void;
}

/**
 * Creates the comparison of two to four images side by side: zoom and position apply to all.
 * Captions show the differences.
 */
export function createCompare(): Compare {
  const zoom = createZoom();
  const panes = el('div', { class: 'panes' });
  const element = el(
    'dialog',
    { class: 'compare', 'aria-label': 'Compare pictures', onclose: () => leave() },
    el(
      'div',
      { class: 'bar' },
      el('h2', {}, 'Compare'),
      el(
        'div',
        { class: 'buttons' },
        iconButton('minus', 'Smaller (-)', () => zoom.by(1 / 1.4), 'zoom'),
        iconButton('plus', 'Larger (+)', () => zoom.by(1.4), 'zoom'),
        iconButton('fit', 'Fit (0)', () => zoom.fit(), 'zoom'),
        iconButton('close', 'Close (Escape)', () => element.close()),
      ),
    ),
    panes,
  );
  const leave = () => {
    zoom.detachAll();
    panes.replaceChildren();
  };
  const keys: Readonly<Record<string, () => void>> = {
    '+': () => zoom.by(1.4),
    '=': () => zoom.by(1.4),
    '-': () => zoom.by(1 / 1.4),
    '0': () => zoom.fit(),
    '1': () => zoom.actualSize(),
  };
  element.addEventListener('keydown', ({ key, ctrlKey, metaKey }) => {
    if (!ctrlKey && !metaKey) keys[key]?.();
  });
  return {
    element,
    open(items) {
      panes.className = `panes of-${items.length}`;
      zoom.fit();
      for (const item of items) {
        const pane = paneOf(item, items);
        panes.append(pane.element);
        zoom.attach(pane.stage, pane.picture);
      }
      element.showModal();
    },
  };
}

function paneOf(item: Item, items: readonly Item[]) {
  const [original] = item.files;
  const picture = el('img', { src: urlOf(original?.path ?? ''), alt: item.job.prompt, draggable: 'false' });
  const stage = el('div', { class: 'stage' }, picture);
  const facts = differences(item, items).map(([name, value]) =>
    el('span', { class: 'fact', dir: 'auto' }, el('span', { class: 'quiet' }, `${name} `), value),
  );
  const caption = el(
    'figcaption',
    {},
    el('strong', {}, item.name),
    ...facts,
    el('span', { class: 'words quiet', dir: 'auto' }, item.job.prompt.slice(0, 300)),
  );
  return { element: el('figure', {}, stage, caption), stage, picture };
}

/** Returns the facts of an item that are not the same in all items. */
function differences(item: Item, items: readonly Item[]): [name: string, value: string][] {
  const all = items.map(factsOf);
  return Object.entries(factsOf(item)).filter(([name, value]) => all.some((facts) => facts[name] !== value));
}

function factsOf({ job }: Item): Record<string, string> {
  const { prompt: _prompt, ...input } = job.input ?? {};
  const inputFacts = Object.entries(input).map(([name, value]) => [name, shown(value)]);
  return {
    model: job.model,
    ...Object.fromEntries(inputFacts),
    ...job.tags,
    ...(job.costUsd === undefined ? {} : { cost: usd(job.costUsd) }),
    ...(job.score === undefined ? {} : { score: String(job.score) }),
  };
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
