import { svg } from '../page/svg.ts';

/** Size of a chart in its own units, and the part of it where values are drawn. */
export const plot = { width: 480, height: 190, left: 54, right: 452, top: 14, bottom: 162 } as const;

/** Returns a chart's round values from 0 to at least `max`, about `count` of them. */
export function ticksTo(max: number, { count = 4, isWhole = false } = {}): number[] {
  if (!(max > 0)) return [0, 1];
  const rough = max / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough) ?? rough;
  const size = isWhole ? Math.max(1, Math.round(step)) : step;
  const last = Math.ceil(max / size - 1e-9);
  return Array.from({ length: last + 1 }, (_, index) => Number((index * size).toPrecision(12)));
}

const units = [
  { seconds: 3_600, name: 'h', from: 7_200 },
  { seconds: 60, name: 'min', from: 120 },
  { seconds: 1, name: 's', from: 0 },
] as const;

export interface TimeTicks {
  /** Seconds. */
  readonly values: readonly number[];
  labelOf(seconds: number): string;
}

/** Returns round times from 0 to at least `maxSeconds`, in one unit. */
export function timeTicks(maxSeconds: number, count = 5): TimeTicks {
  const unit = units.find(({ from }) => maxSeconds >= from) ?? units[2];
  const values = ticksTo(maxSeconds / unit.seconds, { count }).map((value) => value * unit.seconds);
  return { values, labelOf: (seconds) => `${Number((seconds / unit.seconds).toPrecision(6))} ${unit.name}` };
}

export interface AxesConfig {
  readonly x: TimeTicks;
  readonly y: readonly number[];
  labelOfY(value: number): string;
}

/** The axes of a chart, and the positions of values. */
export interface Axes {
  readonly marks: readonly SVGElement[];
  xOf(seconds: number): number;
  yOf(value: number): number;
}

/** Draws axes with ticks at round values: time to the right, values upwards from 0. */
export function createAxes({ x, y, labelOfY }: AxesConfig): Axes {
  const [right, top] = [x.values.at(-1) || 1, y.at(-1) || 1];
  const xOf = (seconds: number) => plot.left + (seconds / right) * (plot.right - plot.left);
  const yOf = (value: number) => plot.bottom - (value / top) * (plot.bottom - plot.top);
  const across = y.flatMap((value) => [
    svg('line', {
      x1: plot.left,
      x2: plot.right,
      y1: yOf(value),
      y2: yOf(value),
      class: value === 0 ? 'axis' : 'rule',
    }),
    svg('text', { x: plot.left - 7, y: yOf(value) + 4, 'text-anchor': 'end' }, labelOfY(value)),
  ]);
  const up = x.values.flatMap((value) => [
    svg('line', { x1: xOf(value), x2: xOf(value), y1: plot.bottom, y2: plot.bottom + 4, class: 'axis' }),
    svg('text', { x: xOf(value), y: plot.bottom + 19, 'text-anchor': 'middle' }, x.labelOf(value)),
  ]);
  return { marks: [...across, ...up], xOf, yOf };
}

/** Creates the picture of a chart. */
export function createPlot(label: string, ...marks: readonly SVGElement[]): SVGElement {
  const viewBox = `0 0 ${plot.width} ${plot.height}`;
  return svg('svg', { viewBox, role: 'img', 'aria-label': label, class: 'plot' }, ...marks);
}
