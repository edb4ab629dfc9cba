import { doneCount } from '../events/doneCount.ts';
import type { Paint } from './createPaint.ts';
import { displayWidth } from './displayWidth.ts';
import type { Progress } from './Progress.ts';
import { type ProgressPart, progressParts } from './progressParts.ts';

const BETWEEN = ' · ';
const WIDEST_BAR = 24;
const SLIMMEST_BAR = 8;

/** A line about the whole run that fits so many columns: what matters least goes first, the bar takes what is left. */
export function totalLine(progress: Progress, nowMs: number, columns: number, paint: Paint): string {
  const parts = fitting(progressParts(progress, nowMs), columns);
  const text = parts.map((part) => (part.style === null ? part.text : paint(part.style, part.text)));
  const barColumns = Math.min(WIDEST_BAR, columns - widthOf(parts) - 1);
  const line = text.join(paint('dim', BETWEEN));
  return barColumns < SLIMMEST_BAR ? line : `${bar(progress, barColumns, paint)} ${line}`;
}

function fitting(parts: readonly ProgressPart[], columns: number): ProgressPart[] {
  const kept = [...parts].sort((a, b) => a.rank - b.rank);
  while (kept.length > 0 && widthOf(kept) > columns) kept.pop();
  return parts.filter((part) => kept.includes(part));
}

function widthOf(parts: readonly ProgressPart[]): number {
  return displayWidth(parts.map(({ text }) => text).join(BETWEEN));
}

function bar(progress: Progress, columns: number, paint: Paint): string {
  const { total } = progress;
  const share = total === 0 ? 1 : Math.min(1, doneCount(progress) / total);
  // Rounded down: the bar is full only when all is done.
  const filled = Math.floor(share * columns);
  return paint('cyan', '━'.repeat(filled)) + paint('dim', '─'.repeat(columns - filled));
}
