import { displayWidth } from './displayWidth.ts';

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * A plain text cut to so many columns of a terminal, with an ellipsis where something is missing. Never cuts a visible
 * character in two, so the result may be a column short.
 */
export function shorten(text: string, columns: number): string {
  if (columns < 1) return '';
  // A visible character has seldom more than a few code units, so what lies far behind need not be measured.
  if (text.length <= columns * 8 && displayWidth(text) <= columns) return text;
  // Printable ASCII, the usual case, needs no segmenting.
  const head = text.slice(0, columns - 1);
  if (/^[\x20-\x7e]*$/.test(head) && /^[\x20-\x7e]?$/.test(text.charAt(columns - 1)))
    return `${head.trimEnd()}…`;
  let kept = '';
  let width = 0;
  for (const { segment } of segmenter.segment(text.slice(0, columns * 8))) {
    const wider = width + displayWidth(segment);
    if (wider > columns - 1) break;
    kept += segment;
    width = wider;
  }
  return `${kept.trimEnd()}…`;
}
