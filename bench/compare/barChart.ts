import { escapeXml } from '../../src/base/text.ts';
import type { Column, Spread } from './tables.ts';

const BAR_WIDTH = 380;
const FIGURE_WIDTH = 110;
/** Mean width of a character at 13 px, with a reserve for wide fonts. */
const CHARACTER_WIDTH = 7;
const ROW = 30;
const BAR = 16;
const TOP = 34;

/** Draws medians as bars, and their spread as lines over them. */
export function barChart(
  title: string,
  bars: readonly (Spread & { readonly name: string })[],
  { title: figure, digits, unit }: Pick<Column, 'title' | 'digits' | 'unit'>,
): string {
  const most = Math.max(...bars.map(({ max }) => max), Number.EPSILON);
  const nameWidth = 30 + CHARACTER_WIDTH * Math.max(...bars.map(({ name }) => name.length));
  const width = nameWidth + BAR_WIDTH + FIGURE_WIDTH;
  const x = (value: number) => nameWidth + (value / most) * BAR_WIDTH;
  const height = TOP + bars.length * ROW + 10;
  const rows = bars.map(({ name, median, min, max }, index) => {
    const top = TOP + index * ROW;
    const middle = top + BAR / 2;
    const isOurs = name.startsWith('rxposure');
    return `<text x="${nameWidth - 10}" y="${middle + 4}" text-anchor="end">${escapeXml(name)}</text>
<rect x="${nameWidth}" y="${top}" width="${(x(median) - nameWidth).toFixed(1)}" height="${BAR}" fill="${isOurs ? '#c2703d' : '#a9a59a'}"/>
<path d="M${x(min).toFixed(1)} ${middle}H${x(max).toFixed(1)}" stroke="#2b2b28"/>
<text x="${(x(max) + 8).toFixed(1)}" y="${middle + 4}">${median.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}</text>`;
  });
  const label = escapeXml(`${title}: ${figure}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}" font-family="system-ui, sans-serif" font-size="13" fill="#2b2b28">
<rect width="${width}" height="${height}" fill="#faf9f6"/>
<text x="10" y="20" font-weight="600">${label}</text>
${rows.join('\n')}
</svg>
`;
}
