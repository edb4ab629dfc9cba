import { svg } from '../page/svg.ts';
import { formatSeconds } from '../text/formatSeconds.ts';

const BINS = 24;
const [WIDTH, HEIGHT, FOOT] = [480, 150, 22];

/** Draws the distribution of durations, in seconds; the last bar includes the slowest 1 %. */
export function histogram(times: readonly number[]): SVGElement {
  const sorted = [...times].sort((a, b) => a - b);
  const low = sorted[0] ?? 0;
  const high = sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0;
  const span = high - low || 1;
  const counts = new Array<number>(BINS).fill(0);
  for (const time of sorted) {
    const bin = Math.min(BINS - 1, Math.floor(((time - low) / span) * BINS));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const most = Math.max(1, ...counts);
  const step = WIDTH / BINS;
  const bars = counts.map((count, bin) => {
    const height = count === 0 ? 0 : Math.max(2, (count / most) * (HEIGHT - 8));
    const from = formatSeconds(low + (span * bin) / BINS);
    const rect = svg('rect', {
      x: bin * step + 1,
      y: HEIGHT - height,
      width: step - 2,
      height,
      rx: 1.5,
      class: 'fill',
    });
    rect.append(svg('title', {}, `${count} from ${from}`));
    return rect;
  });
  const label = `${times.length} predictions, ${formatSeconds(low)} to ${formatSeconds(sorted.at(-1) ?? 0)}`;
  return svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT + FOOT}`, role: 'img', 'aria-label': label, class: 'plot' },
    svg('line', { x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT, class: 'axis' }),
    ...bars,
    svg('text', { x: 0, y: HEIGHT + FOOT - 5 }, formatSeconds(low)),
    svg('text', { x: WIDTH, y: HEIGHT + FOOT - 5, 'text-anchor': 'end' }, formatSeconds(high)),
  );
}
