import { iconButton } from '../lightbox/iconButton.ts';
import { el } from './el.ts';

const sections = {
  'In the pictures': [
    ['← → ↑ ↓ Home End', 'from tile to tile'],
    ['Enter', 'open'],
    ['/', 'search'],
    ['R', 'copy the retry command of a failed tile'],
  ],
  Choosing: [
    ['P', 'pick; again: undecided'],
    ['X', 'reject; again: undecided'],
    ['U', 'undecided'],
    ['Shift P, Shift X', 'and move on to the next one'],
    ['1 … 5, 0', 'stars, none'],
    ['C', 'choose for comparing'],
  ],
  'In one picture': [
    ['← →', 'previous, next'],
    ['↑ ↓', 'its renditions'],
    ['+ −', 'larger, smaller'],
    ['Z', '100 %; again: fit'],
    ['I', 'details'],
    ['Escape', 'close'],
  ],
  'In a comparison': [
    ['1 … 4', 'pick this one'],
    ['S, W, D', 'side by side, swipe, difference'],
    ['← →', 'move the edge of the swipe'],
  ],
} as const;

/** Creates the dialog that lists the keys. */
export function createHelp(): HTMLDialogElement {
  const element = el(
    'dialog',
    { class: 'help-sheet', 'aria-label': 'Keys' },
    el(
      'div',
      { class: 'bar' },
      el('h2', {}, 'Keys'),
      iconButton('close', 'Close (Escape)', () => element.close()),
    ),
    el(
      'div',
      { class: 'sheets' },
      ...Object.entries(sections).map(([title, keys]) =>
        el(
          'section',
          {},
          el('h3', {}, title),
          el('dl', {}, ...keys.flatMap(([key, does]) => [el('dt', {}, key), el('dd', {}, does)])),
        ),
      ),
    ),
  );
  return element;
}
