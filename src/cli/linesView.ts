import { interval, type SchedulerLike } from 'rxjs';
import { doneCount } from '../events/doneCount.ts';
import { createPaint } from './createPaint.ts';
import { createProgress } from './createProgress.ts';
import { eventLines } from './eventLines.ts';
import { formatDuration } from './formatDuration.ts';
import type { Progress } from './Progress.ts';
import { plainText } from './plainText.ts';
import { progressParts } from './progressParts.ts';
import type { TextStream } from './ScriptIo.ts';
import type { View } from './View.ts';

export interface LinesViewConfig {
  stream: TextStream;
  /** Clock of the display. */
  scheduler: SchedulerLike;
  /** Takes secrets out of what is shown. */
  redact: (text: string) => string;
}

const FIRST_MINUTE_MS = 60_000;

/**
 * Tells of a run in plain lines, for logs: the first outcome, every tenth of the way, and a sign of life each 5 s (30 s
 * after the first minute); every failure and warning, and the summary.
 */
export function linesView(config: LinesViewConfig): View {
  const { stream, scheduler, redact } = config;
  const paint = createPaint(false);
  const tracker = createProgress(() => scheduler.now());
  let printedAtMs = scheduler.now();
  let printedTenth = -1;

  const print = (lines: readonly string[]): void => {
    if (lines.length > 0) stream.write(redact(lines.map((line) => `${line}\n`).join('')));
  };
  const printProgress = (): void => {
    const progress = tracker.progress();
    printedAtMs = scheduler.now();
    printedTenth = tenthsDone(progress);
    print([progressLine(progress, printedAtMs)]);
  };
  const heartbeats = interval(1_000, scheduler).subscribe(() => {
    const nowMs = scheduler.now();
    const isEarly = nowMs - tracker.progress().startedAtMs < FIRST_MINUTE_MS;
    if (nowMs - printedAtMs >= (isEarly ? 5_000 : 30_000)) printProgress();
  });
  return {
    close: () => heartbeats.unsubscribe(),
    onEvent(event) {
      tracker.onEvent(event);
      const progress = tracker.progress();
      if (event.type === 'run.started') print([startLine(progress)]);
      if (event.type === 'run.completed') heartbeats.unsubscribe();
      print(eventLines(event, progress, paint));
      if ('outcome' in event && tenthsDone(progress) > printedTenth) printProgress();
    },
  };
}

function tenthsDone(progress: Progress): number {
  return progress.total === 0 ? 10 : Math.floor((doneCount(progress) * 10) / progress.total);
}

function startLine({ total, alreadySaved, concurrency, folder }: Progress): string {
  const there = alreadySaved > 0 ? `, ${alreadySaved} there already` : '';
  return `${total} jobs${there}, ${concurrency} at a time, into ${plainText(folder)}`;
}

function progressLine(progress: Progress, nowMs: number): string {
  const parts = progressParts(progress, nowMs).map(({ text }) => text);
  return `[${formatDuration(nowMs - progress.startedAtMs)}] ${parts.join(', ')}`;
}
