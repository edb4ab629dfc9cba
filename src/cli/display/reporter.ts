import { interval, type SchedulerLike } from 'rxjs';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { toJsonLines } from '../../events/listeners.ts';
import { doneCount } from '../../events/progress.ts';
import { causeLine, createCauses, failureLine, linesOfCause } from './causes.ts';
import type { NextCommands } from './commandLine.ts';
import { eventLines, startLine } from './eventLines.ts';
import { createProgress, type Progress } from './progress.ts';
import { progressParts } from './statusLines.ts';
import { createPaint, type TextStream, type View } from './terminal.ts';
import { terminalView } from './terminalView.ts';
import { formatDuration } from './text.ts';

interface CreateReporterConfig {
  /** The stream for events under `json`, and for nothing else. */
  stdout: TextStream;
  /** The stream for all output for people. */
  stderr: TextStream;
  /** True to redraw in place. Default: true if stderr is a terminal. */
  isTerminal?: boolean;
  /** Turns colours off (`NO_COLOR`). Default false. */
  noColor?: boolean;
  /** Emits an event a line, and no output for people. Default false. */
  json?: boolean;
  /** Prints failures only. Default false. */
  quiet?: boolean;
  /** The commands that resume the run. Default: the same command. */
  next?: Partial<NextCommands>;
  /** Removes secrets from all output. Default: returns texts unchanged. */
  redact?: (text: string) => string;
  /** Clock of the display. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Creates a view that reports a run as it happens: as JSON events, as a live display in a terminal,
 * or as lines in a log. Pass all events of the run to `onEvent`, and call `close` in every case,
 * because a live display hides the cursor.
 */
export function createReporter(config: CreateReporterConfig): View {
  const { stdout, stderr, isTerminal = stderr.isTTY === true, noColor = false } = config;
  const { json = false, quiet = false, redact = (text) => text, scheduler = monotonicScheduler } = config;
  const { next = {} } = config;
  if (json) return jsonView(stdout, redact);
  if (quiet) return failuresView(stderr, redact);
  if (isTerminal) return terminalView({ stream: stderr, isColored: !noColor, scheduler, redact, next });
  return linesView({ stream: stderr, scheduler, redact, next });
}

function jsonView(stream: TextStream, redact: (text: string) => string): View {
  return { onEvent: toJsonLines(stream, { redact }), close: () => {} };
}

/** Creates a view of failures: the first of each cause as they happen, at the end their numbers. */
function failuresView(stream: TextStream, redact: (text: string) => string): View {
  const counter = createCauses();
  const print = (text: string) => stream.write(`${redact(`failed ${text}`)}\n`);
  return {
    onEvent: (event) => {
      if (event.type === 'job.failed') {
        if (counter.add(event.outcome) <= linesOfCause) print(failureLine(event.outcome));
      } else if (event.type === 'run.completed') {
        for (const cause of counter.causes()) if (cause.count > linesOfCause) print(causeLine(cause));
      }
    },
    close: () => {},
  };
}

interface LinesViewConfig {
  stream: TextStream;
  /** Clock of the display. */
  scheduler: SchedulerLike;
  /** Removes secrets from the output. */
  redact: (text: string) => string;
  /** The commands that resume the run. Default: the same command. */
  next?: Partial<NextCommands>;
}

const FIRST_MINUTE_MS = 60_000;

/**
 * Creates a view that reports a run in plain lines, for logs: the first outcome, every tenth of the
 * jobs, and a sign of life each 5 s (30 s after the first minute); the first failures of each
 * cause, warnings, and the summary.
 */
function linesView(config: LinesViewConfig): View {
  const { stream, scheduler, redact, next = {} } = config;
  const paint = createPaint(false);
  const tracker = createProgress(() => scheduler.now(), next);
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
  const { expected } = progress;
  return expected === 0 ? 10 : Math.floor((doneCount(progress) * 10) / expected);
}

function progressLine(progress: Progress, nowMs: number): string {
  const parts = progressParts(progress, nowMs).map(({ text }) => text);
  return `[${formatDuration(nowMs - progress.startedAtMs)}] ${parts.join(', ')}`;
}
