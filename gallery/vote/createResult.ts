import { tallyVotes, type VariantTally, type Vote } from '../../src/sinks/comparison/votes.ts';
import { el } from '../page/el.ts';
import { svg } from '../page/svg.ts';

/** Creates the table of the variants: wins, and the win rate with its interval as a bar. */
export function createResult(votes: readonly Vote[]): HTMLElement {
  const head = ['Variant', 'Better', 'Worse', 'Equal', 'Win rate', '95 % interval'].map((text) =>
    el('th', { scope: 'col' }, text),
  );
  return el(
    'div',
    { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Win rates' },
    el('table', {}, el('thead', {}, el('tr', {}, ...head)), el('tbody', {}, ...tallyVotes(votes).map(rowOf))),
  );
}

function rowOf({ variant, wins, losses, ties, winRate, low, high }: VariantTally): HTMLElement {
  const figures = [wins, losses, ties].map(String);
  return el(
    'tr',
    {},
    el('th', { scope: 'row', dir: 'auto' }, variant),
    ...[...figures, percent(winRate)].map((text) => el('td', {}, text)),
    el('td', { class: 'interval' }, barOf(winRate, low, high), `${percent(low)} to ${percent(high)}`),
  );
}

/** Draws the interval on a line from 0 to 100 %, with the rate as a dot and a mark at 50 %. */
function barOf(rate: number, low: number, high: number): SVGElement {
  const at = (share: number) => 6 + share * 188;
  return svg(
    'svg',
    { viewBox: '0 0 200 16', 'aria-hidden': 'true' },
    svg('line', { x1: at(0), x2: at(1), y1: 8, y2: 8, class: 'scale' }),
    svg('line', { x1: at(0.5), x2: at(0.5), y1: 2, y2: 14, class: 'scale' }),
    svg('rect', { x: at(low), y: 5, width: at(high) - at(low), height: 6, rx: 3, class: 'range' }),
    svg('circle', { cx: at(rate), cy: 8, r: 5, class: 'rate' }),
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
