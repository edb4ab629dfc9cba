import { interval, type SchedulerLike } from 'rxjs';
import { createLiveBlock } from './createLiveBlock.ts';
import { createPaint } from './createPaint.ts';
import { createProgress } from './createProgress.ts';
import { eventLines } from './eventLines.ts';
import { jobLines } from './jobLines.ts';
import type { TextStream } from './ScriptIo.ts';
import { totalLine } from './totalLine.ts';
import type { View } from './View.ts';
import { windowSize } from './windowSize.ts';

export interface TerminalViewConfig {
  stream: TextStream;
  isColored: boolean;
  /** Clock of the display. */
  scheduler: SchedulerLike;
  /** Takes secrets out of what is shown. */
  redact: (text: string) => string;
}

/** Ten times a second looks alive and costs nothing. */
const FRAME_MS = 100;

/**
 * Shows a run in a terminal: one line about the whole and one for each job under way, as many as the window has room for,
 * redrawn in place at most ten times a second. Failures and warnings stay above it; at the end it gives way to a summary.
 */
export function terminalView(config: TerminalViewConfig): View {
  const { stream, isColored, scheduler, redact } = config;
  const paint = createPaint(isColored);
  const tracker = createProgress(() => scheduler.now());
  const block = createLiveBlock(stream);

  const draw = (): void => {
    const size = windowSize(stream);
    // The last column stays free: a terminal that draws a character wider than we think has some room then.
    const columns = Math.max(1, size.columns - 1);
    const nowMs = scheduler.now();
    const progress = tracker.progress();
    // One row of what was there before stays in sight, and one is for the total.
    const rows = size.rows - 2;
    block.draw(
      [
        ...jobLines(progress, { nowMs, columns, rows, paint }),
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
      if (event.type === 'run.started') draw();
      if (event.type === 'run.completed') close();
      const lines = eventLines(event, tracker.progress(), paint).map(redact);
      if (lines.length > 0) block.print(lines);
    },
  };
}
