import type { BlindComparison, BlindPicture, Vote } from '../../src/sinks/comparison/votes.ts';
import { tallyVotes } from '../../src/sinks/comparison/votes.ts';
import { el } from '../page/el.ts';
import { urlOf } from '../text/urlOf.ts';

/** A vote, or null for a pair that was skipped. */
type Answer = Vote | null;

const data: BlindComparison = JSON.parse(document.getElementById('data')?.textContent ?? '');
const storageKey = `ab ${data.run}`;
let answers: Answer[] = restore();

const progress = el('p', { class: 'quiet', role: 'status' });
const prompt = el('p', { class: 'prompt', dir: 'auto' });
const left = choiceButton('left', 'Left', () => answer('left'));
const right = choiceButton('right', 'Right', () => answer('right'));
const tie = el('button', { type: 'button', onclick: () => answer('tie') }, 'As good as each other (T)');
const skip = el('button', { type: 'button', onclick: () => give(null) }, 'Skip (S)');
const undo = el('button', { type: 'button', onclick: () => takeBack() }, 'Undo (Z)');
const finish = el('button', { type: 'button', onclick: () => showResult() }, 'Show the result');
const stage = el('div', { class: 'pair' }, left.button, right.button);
const result = el('section', { hidden: true, 'aria-label': 'Result' });
const ballot = el(
  'section',
  { 'aria-label': 'Which one is better?' },
  prompt,
  stage,
  el('div', { class: 'buttons' }, tie, skip, undo, finish),
);

document.body.append(
  el('header', {}, el('h1', { dir: 'auto' }, 'Which one is better?'), progress),
  el('main', {}, ballot, result),
);
document.addEventListener('keydown', ({ key, ctrlKey, metaKey, altKey }) => {
  if (ctrlKey || metaKey || altKey) return;
  if (key.toLowerCase() === 'z' || key === 'Backspace') takeBack();
  if (!result.hidden) return;
  const act: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => answer('left'),
    ArrowRight: () => answer('right'),
    t: () => answer('tie'),
    s: () => give(null),
  };
  act[key.length === 1 ? key.toLowerCase() : key]?.();
});
show();

function choiceButton(side: string, label: string, onclick: () => void) {
  const image = el('img', { alt: '', decoding: 'async' });
  const button = el(
    'button',
    { type: 'button', class: `choice is-${side}`, 'aria-label': `${label} picture`, onclick },
    image,
    el('span', {}, label),
  );
  return { button, image };
}

function show(): void {
  const pair = data.pairs[answers.length];
  const given = answers.filter((each) => each !== null).length;
  progress.textContent = `${answers.length} of ${data.pairs.length}`;
  undo.disabled = answers.length === 0;
  finish.disabled = given === 0;
  if (pair === undefined) {
    showResult();
    return;
  }
  result.hidden = true;
  ballot.hidden = false;
  prompt.textContent = pair.prompt;
  put(left.image, pair.left);
  put(right.image, pair.right);
  const next = data.pairs[answers.length + 1];
  if (next) for (const { path } of [next.left, next.right]) new Image().src = urlOf(path);
}

function put(image: HTMLImageElement, { path }: BlindPicture): void {
  image.src = urlOf(path);
}

function answer(side: 'left' | 'right' | 'tie'): void {
  const pair = data.pairs[answers.length];
  if (pair === undefined) return;
  const [first = '', second = ''] = [pair.left.variant, pair.right.variant].sort();
  give({
    prompt: pair.prompt,
    variants: [first, second],
    winner: side === 'tie' ? null : pair[side].variant,
  });
}

function give(given: Answer): void {
  if (answers.length === data.pairs.length) return;
  answers = [...answers, given];
  store();
  show();
}

function takeBack(): void {
  answers = answers.slice(0, -1);
  store();
  show();
}

function showResult(): void {
  const votes = answers.filter((each) => each !== null);
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const rows = tallyVotes(votes).map(({ variant, wins, losses, ties, winRate, low, high }) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row', dir: 'auto' }, variant),
      ...[
        String(wins),
        String(losses),
        String(ties),
        percent(winRate),
        `${percent(low)} to ${percent(high)}`,
      ].map((text) => el('td', {}, text)),
    ),
  );
  const head = ['Variant', 'Better', 'Worse', 'Equal', 'Win rate', '95 % interval'].map((text) =>
    el('th', { scope: 'col' }, text),
  );
  ballot.hidden = true;
  result.hidden = false;
  result.replaceChildren(
    el('h2', {}, `${votes.length} answers`),
    el(
      'div',
      { class: 'wide' },
      el('table', {}, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...rows)),
    ),
    el(
      'div',
      { class: 'buttons' },
      el('button', { type: 'button', class: 'primary', onclick: () => download(votes) }, 'Export votes'),
      el('button', { type: 'button', onclick: () => takeBack() }, 'Back (Z)'),
    ),
    el('p', { class: 'quiet' }, 'Votes of several people are counted together by pipelines/votes.ts.'),
  );
}

function download(votes: readonly Vote[]): void {
  const text = JSON.stringify({ run: data.run, votes }, null, 2);
  const link = el('a', {
    href: URL.createObjectURL(new Blob([text], { type: 'application/json' })),
    download: `votes-${data.run}.json`,
  });
  link.click();
}

/**
 * Stores the votes for a reload. If the browser stores nothing for local files, a reload starts
 * again.
 */
function store(): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(answers));
  } catch {}
}

/** Reads the stored votes; none if there are none, or they are damaged. */
function restore(): Answer[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]');
    return Array.isArray(stored) && stored.length <= data.pairs.length ? stored : [];
  } catch {
    return [];
  }
}
