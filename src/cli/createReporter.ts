import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { toJsonLines } from '../events/toJsonLines.ts';
import { failureLine } from './failureLine.ts';
import { linesView } from './linesView.ts';
import type { TextStream } from './ScriptIo.ts';
import { terminalView } from './terminalView.ts';
import type { View } from './View.ts';

export interface CreateReporterConfig {
  /** Events go here under `json`; nothing else ever does. */
  stdout: TextStream;
  /** All that people read goes here. */
  stderr: TextStream;
  /** Whether people see it change in place. Default: whether stderr is a terminal. */
  isTerminal?: boolean;
  /** Whether colours are unwanted (`NO_COLOR`). Default false. */
  noColor?: boolean;
  /** One event a line, and nothing for people. Default false. */
  json?: boolean;
  /** Nothing but failures. Default false. */
  quiet?: boolean;
  /** Takes secrets out of all that is told. Default: leaves texts as they are. */
  redact?: (text: string) => string;
  /** Clock of the display. Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/**
 * Tells of a run as it happens: as JSON events, as a live display in a terminal, or as lines in a log.
 * Give `onEvent` all events of the run, and call `close` whatever happens, because a live display hides the cursor.
 */
export function createReporter(config: CreateReporterConfig): View {
  const { stdout, stderr, isTerminal = stderr.isTTY === true, noColor = false } = config;
  const { json = false, quiet = false, redact = (text) => text, scheduler = asyncScheduler } = config;
  if (json) return jsonView(stdout, redact);
  if (quiet) return failuresView(stderr, redact);
  if (isTerminal) return terminalView({ stream: stderr, isColored: !noColor, scheduler, redact });
  return linesView({ stream: stderr, scheduler, redact });
}

function jsonView(stream: TextStream, redact: (text: string) => string): View {
  return { onEvent: toJsonLines(stream, { redact }), close: () => {} };
}

function failuresView(stream: TextStream, redact: (text: string) => string): View {
  return {
    onEvent: (event) => {
      if (event.type !== 'job.failed') return;
      stream.write(`${redact(`failed ${failureLine(event.outcome)}`)}\n`);
    },
    close: () => {},
  };
}
