import { svg } from '../page/svg.ts';
import { formatSeconds } from '../text/formatSeconds.ts';

export interface Point {
  /** Time in seconds. */
  readonly x: number;
  readonly y: number;
}

export interface LineChartConfig {
  /** Formats a y value. */
  labelOf: (y: number) => string;
  /** Shape of the line; with `steps` a value holds until the next one. */
  kind: 'steps' | 'area';
}

const [WIDTH, HEIGHT, FOOT, HEAD] = [480, 150, 22, 16];
/** Points of a chart, at most: more would not be visible. */
const MAX_POINTS = 960;

/**
 * Draws a filled line over time. If there are more than 960 points, only the highest of neighbours
 * is drawn.
 */
export function lineChart(all: readonly Point[], { labelOf, kind }: LineChartConfig): SVGElement {
  const points = thinned(all);
  const right = points.at(-1)?.x || 1;
  const top = points.reduce((highest, { y }) => Math.max(highest, y), 0);
  const at = ({ x, y }: Point) =>
    `${((x / right) * WIDTH).toFixed(1)} ${(HEIGHT - (y / (top || 1)) * (HEIGHT - HEAD)).toFixed(1)}`;
  const line = points.map((point, index) => {
    const before = points[index - 1];
    return kind === 'steps' && before ? `L${at({ x: point.x, y: before.y })}L${at(point)}` : `L${at(point)}`;
  });
  const path = `M0 ${HEIGHT}${line.join('')}L${WIDTH} ${HEIGHT}Z`;
  return svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT + FOOT}`,
      role: 'img',
      'aria-label': `Up to ${labelOf(top)} within ${formatSeconds(right)}`,
      class: 'plot',
    },
    svg('path', { d: path, class: 'area' }),
    svg('line', { x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT, class: 'axis' }),
    svg('text', { x: 0, y: 10 }, labelOf(top)),
    svg('text', { x: 0, y: HEIGHT + FOOT - 5 }, '0 s'),
    svg('text', { x: WIDTH, y: HEIGHT + FOOT - 5, 'text-anchor': 'end' }, formatSeconds(right)),
  );
}

function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MAX_POINTS) return points;
  const size = points.length / MAX_POINTS;
  return Array.from({ length: MAX_POINTS }, (_, bin) =>
    points
      .slice(Math.floor(bin * size), Math.floor((bin + 1) * size))
      .reduce((highest, point) => (point.y > highest.y ? point : highest)),
  );
}
