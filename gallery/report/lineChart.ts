import { svg } from '../page/svg.ts';
import { formatSeconds } from '../text/formatSeconds.ts';
import { createAxes, createPlot, ticksTo, timeTicks } from './axes.ts';

export interface Point {
  /** Time in seconds. */
  readonly x: number;
  readonly y: number;
}

export interface LineChartConfig {
  /** Formats a y value. */
  labelOf: (y: number) => string;
  /** Shape of the line; with `steps` a value, which is a whole number, holds until the next one. */
  kind: 'steps' | 'area';
}

/** Points of a chart, at most: more would not be visible. */
const MAX_POINTS = 960;

/**
 * Draws a filled line over time. If there are more than 960 points, only the highest of neighbours
 * is drawn.
 */
export function lineChart(all: readonly Point[], { labelOf, kind }: LineChartConfig): SVGElement {
  const points = thinned(all);
  const right = points.at(-1)?.x ?? 0;
  const top = points.reduce((highest, { y }) => Math.max(highest, y), 0);
  const x = timeTicks(right);
  const { marks, xOf, yOf } = createAxes({
    x,
    y: ticksTo(top, { isWhole: kind === 'steps' }),
    labelOfY: labelOf,
  });
  const at = (time: number, value: number) => `${xOf(time).toFixed(1)} ${yOf(value).toFixed(1)}`;
  const line = points.map((point, index) => {
    const before = points[index - 1];
    const to = `L${at(point.x, point.y)}`;
    return kind === 'steps' && before ? `L${at(point.x, before.y)}${to}` : to;
  });
  const path = `M${at(points[0]?.x ?? 0, 0)}${line.join('')}L${at(right, 0)}Z`;
  return createPlot(
    `Up to ${labelOf(top)} within ${formatSeconds(right)}`,
    ...marks,
    svg('path', { d: path, class: 'area' }),
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
