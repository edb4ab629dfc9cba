import { escapeXml } from './escapeXml.ts';
import { type MarblePart, type MarbleRow, type Mark, parseMarbles } from './parseMarbles.ts';

/** Sizes in CSS pixels. */
const FRAME = 20;
const ROW = 34;
const RADIUS = 9.5;
const LETTER = 7.3;
const MARGIN = 16;
const PART_GAP = 14;

// Letters in the order of the alphabet; white on each has a contrast of 4.5 or more.
const colours = ['#b3365e', '#2563c9', '#15803d', '#a1550b', '#7c3aed', '#0e7490', '#9d174d', '#4d7c0f'];

// A picture in a page follows its colour scheme, alone that of the system.
const style = `
.word { font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #3c3c43; }
.note { fill: #67676c; }
.line { stroke: #8a8a91; stroke-width: 2; }
.held { stroke-dasharray: 2 5; }
.end { stroke: #3c3c43; stroke-width: 3; stroke-linecap: round; }
.error { stroke: #d1242f; stroke-width: 3; stroke-linecap: round; }
.group { fill: #8a8a9126; stroke: #8a8a91; stroke-width: 1.5; }
.value { font: 600 11px ui-sans-serif, system-ui, sans-serif; fill: #fff; text-anchor: middle; }
.gap { text-anchor: middle; }
@media (prefers-color-scheme: dark) {
  .word { fill: #dfdfd6; }
  .note { fill: #a1a1a9; }
  .end { stroke: #dfdfd6; }
  .error { stroke: #ff7b72; }
}`;

/**
 * Draws a marble picture as an SVG that reads the same in light and dark. The time runs from left to
 * right; the marks of one frame are in a pill.
 */
export function drawMarbles(name: string, picture: string): string {
  const parts = parseMarbles(picture);
  const rows = parts.flat();
  const isHeading = ({ words, comment, marks }: MarbleRow) => words + comment === '' && marks.length === 0;
  const labels = rows.filter((row) => !isHeading(row)).map(({ label }) => label.length * LETTER);
  const left = MARGIN + Math.max(...labels, 0) + 20;
  const body: string[] = [];
  let top = MARGIN / 2;
  for (const part of parts) {
    const end = left + endOf(part) * FRAME + 16;
    for (const row of part) {
      body.push(...drawRow(row, { left, end, middle: top + ROW / 2 }));
      top += ROW;
    }
    top += PART_GAP;
  }
  const width = Math.ceil(Math.max(...parts.map((part) => widthOf(part, left)))) + MARGIN;
  const height = top - PART_GAP + MARGIN / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(`Marble diagram of ${name}`)}">`,
    `<style>${style}\n</style>`,
    ...body,
    '</svg>\n',
  ].join('\n');
}

interface Position {
  readonly left: number;
  /** Where words behind the timelines begin. */
  readonly end: number;
  readonly middle: number;
}

function drawRow({ label, stretches, marks, words, comment }: MarbleRow, at: Position): readonly string[] {
  const x = (frame: number) => at.left + frame * FRAME;
  const y = at.middle;
  return [
    text(MARGIN, y, label),
    ...stretches.map(
      ({ from, to, isHeld }) =>
        `<line class="line${isHeld ? ' held' : ''}" x1="${x(from)}" y1="${y}" x2="${x(to)}" y2="${y}"/>`,
    ),
    ...marks.map((mark) => drawMark(mark, x(mark.frame), y)),
    ...(words === '' ? [] : [text(at.left, y, words)]),
    ...(comment === '' ? [] : [text(at.end, y, comment, 'note')]),
  ];
}

function drawMark(mark: Mark, x: number, y: number): string {
  const middle = x + FRAME / 2;
  if (mark.type === 'end') return line('end', middle, y - 11, middle, y + 11);
  if (mark.type === 'error') {
    return (
      line('error', middle - 7, y - 7, middle + 7, y + 7) +
      line('error', middle - 7, y + 7, middle + 7, y - 7)
    );
  }
  if (mark.type === 'group') {
    const width = mark.frames * FRAME - 8;
    return `<rect class="group" x="${x + 4}" y="${y - 15}" width="${width}" height="30" rx="15"/>`;
  }
  if (mark.type === 'gap') {
    return `<text class="word note gap" x="${x + (mark.frames * FRAME) / 2}" y="${y - 7}">${mark.text}</text>`;
  }
  const colour = colours[(mark.text.toLowerCase().codePointAt(0) ?? 0) % colours.length];
  const circle = `<circle cx="${middle}" cy="${y}" r="${RADIUS}" fill="${colour}"/>`;
  return `${circle}<text class="value" x="${middle}" y="${y + 4}">${escapeXml(mark.text)}</text>`;
}

function line(name: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${name}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

function text(x: number, y: number, words: string, kind = ''): string {
  return `<text class="word${kind === '' ? '' : ` ${kind}`}" x="${x}" y="${y + 4}">${escapeXml(words)}</text>`;
}

/** Returns the frames that the longest timeline of a part takes. */
function endOf(part: MarblePart): number {
  return Math.max(0, ...part.flatMap(({ stretches }) => stretches.map(({ to }) => to)));
}

function widthOf(part: MarblePart, left: number): number {
  const end = left + endOf(part) * FRAME;
  const right = ({ label, words, comment }: MarbleRow) =>
    Math.max(
      MARGIN + label.length * LETTER,
      left + words.length * LETTER,
      comment === '' ? end : end + 16 + comment.length * LETTER,
    );
  return Math.max(...part.map(right));
}
