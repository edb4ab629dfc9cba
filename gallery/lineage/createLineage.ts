import type { RefinementCandidate, RefinementHistory } from '../../src/sinks/refinement/history.ts';
import type { Item } from '../data/Item.ts';
import { createPicture } from '../page/createPicture.ts';
import { el } from '../page/el.ts';
import { svg } from '../page/svg.ts';
import { ranksOf } from './ranks.ts';

const ends = {
  rounds: 'All rounds are done.',
  score: 'An image reached the target score.',
  budget: 'The budget was spent.',
  stopped: 'The run was stopped: the next one continues here.',
  nothing: 'A round made no image that could be rated.',
} as const;

export interface LineageActions {
  open(item: Item): void;
  /** Returns the item of a job; undefined if the page does not have it. */
  itemOf(index: number): Item | undefined;
}

/**
 * Creates the lineage of a refinement: a column a round, the best candidates on top, and lines from
 * parents to children.
 */
export function createLineage(history: RefinementHistory, actions: LineageActions): HTMLElement {
  const ranks = ranksOf(history);
  const lines = svg('svg', { class: 'lines', 'aria-hidden': 'true' });
  const nodes: Map<number, HTMLElement>[] = [];
  const columns = history.rounds.map(({ round, bestScore, candidates }) => {
    const own = candidates.map((candidate) => [candidate, nodeOf(candidate, round)] as const);
    nodes.push(new Map(own.map(([{ index }, node]) => [index, node])));
    return el(
      'li',
      { class: 'column' },
      el('h2', {}, round === 0 ? 'Candidates' : `Round ${round}`),
      el('p', { class: 'quiet' }, bestScore === null ? 'none rated' : `best so far ${bestScore.toFixed(3)}`),
      el('ol', {}, ...own.map(([, node]) => node)),
    );
  });

  function nodeOf(candidate: RefinementCandidate, round: number): HTMLElement {
    const { index, score, kept } = candidate;
    const item = actions.itemOf(index);
    const isLast = history.rounds.at(-1)?.round === round;
    const rank = isLast ? ranks.get(index) : undefined;
    const words = wordsOf(candidate, round, rank);
    const marks = [kept && 'is-kept', candidate.round !== round && 'is-carried', rank === 1 && 'is-winner'];
    return el(
      'li',
      { class: ['node', ...marks.filter(Boolean)].join(' ') },
      el(
        'button',
        { type: 'button', disabled: item === undefined, onclick: () => item && actions.open(item) },
        item === undefined ? el('span', { class: 'blank' }, 'Not on this page') : createPicture(item),
      ),
      el(
        'p',
        {},
        el('span', { class: 'number' }, `${index + 1} `),
        el('strong', {}, score === null ? 'not rated' : score.toFixed(3)),
        words === '' ? null : el('span', { class: 'quiet' }, ` ${words}`),
      ),
    );
  }

  const draw = () => {
    const { left, top, width, height } = board.getBoundingClientRect();
    if (width === 0) return;
    lines.setAttribute('viewBox', `0 0 ${width} ${height}`);
    lines.setAttribute('width', String(width));
    lines.setAttribute('height', String(height));
    const paths = linksOf(history).flatMap(({ column, from, to, isKept }) => {
      const [a, b] = [nodes[column - 1]?.get(from), nodes[column]?.get(to)].map((node) =>
        node?.firstElementChild?.getBoundingClientRect(),
      );
      if (a === undefined || b === undefined) return [];
      const [x1, y1] = [a.right - left, a.top + a.height / 2 - top];
      const [x2, y2] = [b.left - left, b.top + b.height / 2 - top];
      const middle = (x1 + x2) / 2;
      const d = `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
      return [svg('path', { d, class: isKept ? 'is-kept' : '' })];
    });
    lines.replaceChildren(...paths);
  };
  const board = el(
    'div',
    { class: 'board' },
    lines as unknown as HTMLElement,
    el('ol', { class: 'rounds' }, ...columns),
  );
  new ResizeObserver(draw).observe(board);
  const note = history.end === null ? 'The refinement runs.' : ends[history.end];
  return el(
    'div',
    { class: 'lineage' },
    el('p', { class: 'quiet' }, `${note} Framed: kept for the next round. Dashed: from an earlier round.`),
    el('div', { class: 'board-frame', tabindex: 0, role: 'region', 'aria-label': 'Rounds' }, board),
  );
}

/** Describes the result of a candidate in a round. */
function wordsOf(
  { kept, round: madeIn }: RefinementCandidate,
  round: number,
  rank: number | undefined,
): string {
  const place = rank === 1 ? 'winner' : rank === undefined ? (kept ? 'kept' : '') : `rank ${rank}`;
  return [place, madeIn === round ? '' : `of round ${madeIn}`].filter(Boolean).join(', ');
}

/** A line from a candidate in one column to one in the next, by the index of their jobs. */
interface Link {
  /** Column of the end. */
  readonly column: number;
  readonly from: number;
  readonly to: number;
  readonly isKept: boolean;
}

/** Returns the lines of a lineage, those to kept candidates last, so that they lie on top. */
function linksOf({ rounds }: RefinementHistory): Link[] {
  const links = rounds.flatMap(({ round, candidates }, column) =>
    candidates.map(({ index, parent, round: madeIn, kept }) => {
      const from = madeIn === round ? (parent ?? -1) : index;
      return { column, from, to: index, isKept: kept };
    }),
  );
  return links.filter(({ column }) => column > 0).sort((a, b) => Number(a.isKept) - Number(b.isKept));
}
