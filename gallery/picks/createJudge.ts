import type { Judgement } from '../../src/sinks/picks/picks.ts';
import { el } from '../page/el.ts';
import { icon } from '../page/icon.ts';

export interface Judge {
  readonly element: HTMLElement;
  /** Shows a judgement. */
  show(judgement: Judgement): void;
}

/** Creates the buttons that judge an image: reject, one to five stars, pick. */
export function createJudge(onKey: (key: string) => void): Judge {
  const button = (key: string, label: string, ...content: Node[]) =>
    el('button', { type: 'button', title: `${label} (${key})`, onclick: () => onKey(key) }, ...content);
  const reject = button('X', 'Reject', icon('cross'), el('span', {}, 'Reject'));
  const pick = button('P', 'Pick', icon('check'), el('span', {}, 'Pick'));
  let judgement: Judgement = { verdict: null, stars: 0 };
  const stars = [1, 2, 3, 4, 5].map((count) =>
    el('button', {
      type: 'button',
      class: 'star',
      title: `${count} (${count})`,
      'aria-label': `${count} ${count === 1 ? 'star' : 'stars'}`,
      // A click on the last star of an image takes all away.
      onclick: () => onKey(judgement.stars === count ? '0' : String(count)),
    }),
  );
  const element = el(
    'div',
    { class: 'judge', role: 'group', 'aria-label': 'Judge' },
    reject,
    el('span', { class: 'stars', role: 'group', 'aria-label': 'Stars' }, ...stars),
    pick,
  );
  return {
    element,
    show(next) {
      judgement = next;
      pick.setAttribute('aria-pressed', String(next.verdict === 'picked'));
      reject.setAttribute('aria-pressed', String(next.verdict === 'rejected'));
      for (const [index, star] of stars.entries()) {
        star.textContent = index < next.stars ? '★' : '☆';
        star.setAttribute('aria-pressed', String(index + 1 === next.stars));
      }
    },
  };
}
