import type { BlindComparison, BlindPicture } from '../../src/sinks/comparison/votes.ts';
import { el } from '../page/el.ts';
import { saveText } from '../text/saveText.ts';
import { urlOf } from '../text/urlOf.ts';
import { type Answer, fileNameOf, restoreBallot, storeBallot, votesOf } from './ballot.ts';
import { createResult } from './createResult.ts';
import { hideLowerEdge } from './hideLowerEdge.ts';

/** Time for a pair, as people usually take it. */
const SECONDS_A_PAIR = 6;

const data: BlindComparison = JSON.parse(document.getElementById('data')?.textContent ?? '');
const storageKey = `ab ${data.run}`;
let ballot = restoreBallot(storageKey, data.pairs.length);

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
const voting = el(
  'section',
  { 'aria-label': 'Which one is better?', hidden: true },
  prompt,
  stage,
  el('div', { class: 'buttons' }, tie, skip, undo, finish),
);
const intro = createIntro();

document.body.append(
  el(
    'header',
    {},
    el('h1', { dir: 'auto' }, 'Which one is better?'),
    data.isSimulated ? el('p', { class: 'badge' }, 'Simulated: no model made these pictures.') : null,
    progress,
  ),
  el('main', {}, intro, voting, result),
);
document.addEventListener('keydown', ({ key, target, ctrlKey, metaKey, altKey }) => {
  if (ctrlKey || metaKey || altKey || target instanceof HTMLInputElement || !intro.hidden) return;
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
if (ballot.answers.length > 0) begin();

/** Creates the first page: how many pairs there are, how long they take, and who votes. */
function createIntro(): HTMLElement {
  const { length } = data.pairs;
  const minutes = Math.max(1, Math.round((length * SECONDS_A_PAIR) / 60));
  const name = nameField();
  return el(
    'form',
    {
      class: 'intro',
      'aria-label': 'Before you begin',
      onsubmit: (event: Event) => {
        event.preventDefault();
        begin();
      },
    },
    el(
      'p',
      {},
      `${length} ${length === 1 ? 'pair' : 'pairs'} of pictures, about ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}. You see two pictures of the same prompt and choose the better one: click it, or press ← or →.`,
    ),
    el(
      'p',
      { class: 'quiet' },
      'You can stop at any time: your votes stay in this browser. At the end, save them as a file to send back.',
    ),
    name,
    el('button', { class: 'primary', type: 'submit' }, 'Begin'),
  );
}

function nameField(): HTMLElement {
  const input = el('input', {
    type: 'text',
    class: 'voter',
    autocomplete: 'name',
    maxlength: 80,
    value: ballot.voter,
    oninput: () => {
      ballot = { ...ballot, voter: input.value };
      storeBallot(storageKey, ballot);
    },
  });
  return el('label', { class: 'name' }, 'Your name ', input);
}

function begin(): void {
  intro.hidden = true;
  show();
}

function choiceButton(side: string, label: string, onclick: () => void) {
  const image = el('img', {
    alt: '',
    decoding: 'async',
    onload: () => {
      if (data.isSimulated) hideLowerEdge(image);
    },
  });
  const button = el(
    'button',
    { type: 'button', class: `choice is-${side}`, 'aria-label': `${label} picture`, onclick },
    el('span', { class: 'frame' }, image),
    el('span', { class: 'side' }, label),
  );
  return { button, image };
}

function show(): void {
  const { answers } = ballot;
  const pair = data.pairs[answers.length];
  progress.textContent = `${answers.length} of ${data.pairs.length}`;
  undo.disabled = answers.length === 0;
  finish.disabled = answers.every((each) => each === null);
  if (pair === undefined) {
    showResult();
    return;
  }
  result.hidden = true;
  voting.hidden = false;
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
  const pair = data.pairs[ballot.answers.length];
  if (pair === undefined) return;
  const [first = '', second = ''] = [pair.left.variant, pair.right.variant].sort();
  give({
    prompt: pair.prompt,
    variants: [first, second],
    winner: side === 'tie' ? null : pair[side].variant,
  });
}

function give(given: Answer): void {
  if (ballot.answers.length === data.pairs.length) return;
  change([...ballot.answers, given]);
}

function takeBack(): void {
  change(ballot.answers.slice(0, -1));
}

function change(answers: readonly Answer[]): void {
  ballot = { ...ballot, answers };
  storeBallot(storageKey, ballot);
  show();
}

function showResult(): void {
  const { votes } = votesOf(ballot, data.run);
  voting.hidden = true;
  result.hidden = false;
  result.replaceChildren(
    el('h2', {}, `${votes.length} ${votes.length === 1 ? 'answer' : 'answers'}`),
    createResult(votes),
    nameField(),
    el(
      'div',
      { class: 'buttons' },
      el('button', { type: 'button', class: 'primary', onclick: () => exportVotes() }, 'Export votes'),
      el('button', { type: 'button', onclick: () => takeBack() }, 'Back (Z)'),
    ),
    el(
      'p',
      { class: 'quiet' },
      'npx rxposure votes FOLDER votes-*.json counts the votes of several people together, each person once.',
    ),
  );
}

function exportVotes(): void {
  saveText(fileNameOf(ballot, data.run), JSON.stringify(votesOf(ballot, data.run), null, 2));
}
