/** One frame of a timeline, or several: `frame` counts from the left edge of the picture. */
export type Mark =
  | { readonly type: 'value'; readonly frame: number; readonly text: string }
  | { readonly type: 'end'; readonly frame: number }
  | { readonly type: 'error'; readonly frame: number }
  /** Several at the same time; the marks inside come after it. */
  | { readonly type: 'group'; readonly frame: number; readonly frames: number }
  /** A part that is not drawn to scale: `500ms`. */
  | { readonly type: 'gap'; readonly frame: number; readonly frames: number; readonly text: string };

/** A stretch of a line that stands for time: solid while subscribed, dotted while held back. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly isHeld: boolean;
}

/** A line of a picture. */
export interface MarbleRow {
  readonly label: string;
  readonly stretches: readonly Stretch[];
  readonly marks: readonly Mark[];
  /** The words in place of a timeline; empty if there is one. */
  readonly words: string;
  /** Words behind the timeline. */
  readonly comment: string;
}

/** Rows with the same time axis; a blank line ends one. */
export type MarblePart = readonly MarbleRow[];

const GAP = / {2,}/;
const TIME = /^\d+(?:ms|s)$/;

/**
 * Reads a marble picture in characters: on each line a label, at least two blanks, a timeline, and
 * perhaps words behind two more. All timelines of a part begin at the same column; one that is
 * indented is subscribed later. A line without two blanks is a heading.
 */
export function parseMarbles(picture: string): readonly MarblePart[] {
  return picture
    .split(/\n[ \t]*\n/)
    .map((part) => part.split('\n').filter((line) => line.trim() !== ''))
    .filter((lines) => lines.length > 0)
    .map(parsePart);
}

function parsePart(lines: readonly string[]): MarblePart {
  const starts = lines.map(startOfTimeline).filter((start) => start >= 0);
  const column = Math.min(...starts);
  return lines.flatMap((line): readonly MarbleRow[] => {
    if (startOfTimeline(line) < 0) return [rowOf(line.trim(), 0, '', '')];
    return parseLine(line.slice(0, column).trim(), line.slice(column));
  });
}

/** Returns the column of the first word behind two blanks; -1 if there is none. */
function startOfTimeline(line: string): number {
  const found = /\S {2,}(?=\S)/.exec(line);
  return found === null ? -1 : found.index + found[0].length;
}

function parseLine(label: string, rest: string): readonly MarbleRow[] {
  const offset = rest.length - rest.trimStart().length;
  const pieces = rest.trim().split(GAP);
  const labels = label.split(', ');
  // `follow(a), follow(b)` with two timelines: a row for each.
  if (pieces.length > 1 && pieces.length === labels.length && pieces.every(isTimeline)) {
    return pieces.map((piece, index) => rowOf(labels[index] ?? '', 0, piece, ''));
  }
  const [timeline = '', ...words] = pieces;
  return [rowOf(label, offset, timeline, words.join('  '))];
}

function isTimeline(text: string): boolean {
  const words = text.split(' ');
  const marks = words.filter((word) => !TIME.test(word));
  if (!marks.every((word) => /^[-.\w|#()?]+$/.test(word))) return false;
  return words.length > marks.length || marks.every((word) => word.length === 1 || /[-|#(]/.test(word));
}

function rowOf(label: string, offset: number, timeline: string, comment: string): MarbleRow {
  if (!isTimeline(timeline)) return { label, stretches: [], marks: [], words: timeline, comment };
  const marks: Mark[] = [];
  const stretches: Stretch[] = [];
  let frame = offset;
  for (const word of timeline.split(/( )/)) {
    if (TIME.test(word)) marks.push({ type: 'gap', frame, frames: word.length, text: word });
    else marks.push(...marksOf(word, frame));
    if (word !== '') stretches.push(...stretchesOf(word, frame));
    frame += word.length;
  }
  return { label, stretches: merged(stretches), marks, words: '', comment };
}

function marksOf(word: string, start: number): readonly Mark[] {
  return [...word].flatMap((sign, index): readonly Mark[] => {
    const frame = start + index;
    if (sign === '(') return [{ type: 'group', frame, frames: word.indexOf(')', index) - index + 1 }];
    if (sign === '|') return [{ type: 'end', frame }];
    if (sign === '#') return [{ type: 'error', frame }];
    return '-. )'.includes(sign) ? [] : [{ type: 'value', frame, text: sign }];
  });
}

function stretchesOf(word: string, start: number): readonly Stretch[] {
  return [...word].map((sign, index) => ({
    from: start + index,
    to: start + index + 1,
    isHeld: sign === '.',
  }));
}

function merged(stretches: readonly Stretch[]): readonly Stretch[] {
  const found: Stretch[] = [];
  for (const stretch of stretches) {
    const last = found.at(-1);
    if (last?.to === stretch.from && last.isHeld === stretch.isHeld) {
      found[found.length - 1] = { ...last, to: stretch.to };
    } else found.push(stretch);
  }
  return found;
}
