import { svg } from '../page/svg.ts';
import { formatSeconds } from '../text/formatSeconds.ts';
import { createAxes, createPlot, plot, ticksTo, timeTicks } from './axes.ts';

const BINS = 24;
/** From this number on, the slowest 1 % would squeeze the others together. */
const MANY = 100;

/**
 * Draws the distribution of durations, in seconds, with the median and the 99th percentile. Of 100 or
 * more, the last bar includes the slowest 1 %.
 */
export function histogram(times: readonly number[]): SVGElement {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  const [median, p99, longest] = [at(0.5), at(0.99), at(1)];
  const x = timeTicks(sorted.length >= MANY ? p99 : longest);
  const span = x.values.at(-1) || 1;
  const counts = new Array<number>(BINS).fill(0);
  for (const time of sorted) {
    const bin = Math.min(BINS - 1, Math.floor((time / span) * BINS));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const y = ticksTo(Math.max(1, ...counts), { isWhole: true });
  const { marks, xOf, yOf } = createAxes({ x, y, labelOfY: String });
  const step = (plot.right - plot.left) / BINS;
  const bars = counts.map((count, bin) => {
    const height = count === 0 ? 0 : Math.max(2, plot.bottom - yOf(count));
    const rect = svg('rect', {
      x: plot.left + bin * step + 1,
      y: plot.bottom - height,
      width: step - 2,
      height,
      rx: 1.5,
      class: 'fill',
    });
    const [from, to] = [(span * bin) / BINS, (span * (bin + 1)) / BINS];
    const isOpen = bin === BINS - 1 && longest > span;
    const range = isOpen
      ? `${formatSeconds(from)} or more`
      : `${formatSeconds(from)} to ${formatSeconds(to)}`;
    rect.append(svg('title', {}, `${count}: ${range}`));
    return rect;
  });
  const label = `${times.length} predictions, ${formatSeconds(sorted[0] ?? 0)} to ${formatSeconds(longest)}; median ${formatSeconds(median)}, 99th percentile ${formatSeconds(p99)}`;
  return createPlot(
    label,
    ...marks,
    ...bars,
    mark(xOf(Math.min(p99, span)), `99 % within ${formatSeconds(p99)}`),
  );
}

/** Marks a time by a dashed line with its name. */
function mark(x: number, name: string): SVGElement {
  const isRight = x > (plot.left + plot.right) / 2;
  return svg(
    'g',
    {},
    svg('line', { x1: x, x2: x, y1: plot.top - 6, y2: plot.bottom, class: 'mark' }),
    svg('text', { x: isRight ? x - 5 : x + 5, y: plot.top, 'text-anchor': isRight ? 'end' : 'start' }, name),
  );
}
