import { stripVTControlCharacters } from 'node:util';
import { interval, type SchedulerLike } from 'rxjs';
import { isSimulated } from '../../base/service.ts';
import type { NextCommands } from './commandLine.ts';
import { eventLines, startLine } from './eventLines.ts';
import { createProgress } from './progress.ts';
import { jobLines, reasonLines, totalLine } from './statusLines.ts';
import { createPaint, type TextStream, terminalCodes, type View, windowSize } from './terminal.ts';
import { displayWidth } from './text.ts';

interface TerminalViewConfig {
  stream: TextStream;
  isColored: boolean;
  /** Clock of the display. */
  scheduler: SchedulerLike;
  /** Removes secrets from the output. */
  redact: (text: string) => string;
  /** The commands that resume the run. Default: the same command. */
  next?: Partial<NextCommands>;
}

/** Ten times a second looks alive and costs nothing. */
const FRAME_MS = 100;

/**
 * Shows a run in a terminal: a line with the totals and one for each job in flight, as many as fit
 * the window, redrawn in place at most ten times a second. Failures and warnings stay above it; at
 * the end a summary replaces it.
 */
export function terminalView(config: TerminalViewConfig): View {
  const { stream, isColored, scheduler, redact, next = {} } = config;
  const paint = createPaint(isColored);
  const tracker = createProgress(() => scheduler.now(), next);
  const block = createLiveBlock(stream);

  const draw = (): void => {
    const size = windowSize(stream);
    // The last column stays free, for terminals that draw a character wider than measured.
    const columns = Math.max(1, size.columns - 1);
    const nowMs = scheduler.now();
    const progress = tracker.progress();
    const reasons = size.rows > 2 ? reasonLines(progress, nowMs, columns, paint) : [];
    // One row of earlier output stays visible, and one is for the totals.
    const rows = size.rows - 2 - reasons.length;
    block.draw(
      [
        ...jobLines(progress, { nowMs, columns, rows, paint }),
        ...reasons,
        totalLine(progress, nowMs, columns, paint),
      ].map(redact),
    );
  };
  const frames = interval(FRAME_MS, scheduler).subscribe(draw);
  const close = (): void => {
    frames.unsubscribe();
    block.clear();
  };
  return {
    close,
    onEvent(event) {
      tracker.onEvent(event);
      if (event.type === 'run.started') {
        const progress = tracker.progress();
        // A simulation must not be mistaken for a run that pays, and files do not go up unseen.
        const mustStay = isSimulated(event.service) || progress.uploads !== undefined;
        if (mustStay) block.print([redact(startLine(progress))]);
        draw();
      }
      if (event.type === 'run.completed') close();
      const lines = eventLines(event, tracker.progress(), paint).map(redact);
      if (lines.length > 0) block.print(lines);
    },
  };
}

/** Lines at the bottom of a terminal that are redrawn in place. */
interface LiveBlock {
  /** Replaces the block by these lines, one or more; writes nothing if nothing has changed. */
  draw(lines: readonly string[]): void;
  /** Writes permanent lines above the block. */
  print(lines: readonly string[]): void;
  /** Removes the block and shows the cursor again. */
  clear(): void;
}

/**
 * Creates a block at the cursor. Between two writes the cursor waits, hidden, at the start of the
 * block's last line, so a block may be as high as the window.
 */
export function createLiveBlock(stream: TextStream): LiveBlock {
  const { hideCursor, showCursor, noWrap, wrap, eraseLine, eraseRestOfLine, eraseBelow, up } = terminalCodes;
  let drawn: readonly string[] = [];
  let drawnColumns = 0;

  const height = (): number => heightOf(drawn, drawnColumns, windowSize(stream).columns);
  const toTop = (): string => `\r${up(height() - 1)}`;
  const erase = (): string => {
    if (drawn.length === 0) return '';
    const rows = Array.from({ length: height() }, () => eraseLine);
    return `${toTop()}${rows.join('\n')}${toTop()}`;
  };
  // Overwrites the old block before it erases the remains, so that nothing flickers.
  const block = (lines: readonly string[]): string =>
    `${noWrap}${lines.join(`${eraseRestOfLine}\n`)}${eraseBelow}\r${wrap}`;

  return {
    draw(lines) {
      const { columns } = windowSize(stream);
      const isSame = columns === drawnColumns && lines.join('\n') === drawn.join('\n');
      if (isSame || lines.length === 0) return;
      stream.write(`${drawn.length === 0 ? hideCursor : ''}${toTop()}${block(lines)}`);
      [drawn, drawnColumns] = [lines, columns];
    },
    print(lines) {
      const text = lines.map((line) => `${line}\n`).join('');
      stream.write(`${erase()}${text}${drawn.length === 0 ? '' : block(drawn)}`);
    },
    clear() {
      if (drawn.length === 0) return;
      stream.write(`${erase()}${showCursor}`);
      drawn = [];
    },
  };
}

/** Returns the rows that the lines take now: a narrower terminal has wrapped long lines. */
function heightOf(lines: readonly string[], drawnColumns: number, columns: number): number {
  if (columns >= drawnColumns) return lines.length;
  return lines.reduce((rows, line) => {
    const width = displayWidth(stripVTControlCharacters(line));
    return rows + Math.max(1, Math.ceil(width / columns));
  }, 0);
}
