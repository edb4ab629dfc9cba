import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { styleText } from 'node:util';
import type { Observable } from 'rxjs';
import type { RunEvent } from '../../events/runEvent.ts';

/** The part of `process.stdout` that scripts use. */
export interface TextStream extends Pick<EventEmitter, 'on'> {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Absent if there is no window; 0 in some terminals that do not know their size. */
  readonly columns?: number;
  readonly rows?: number;
}

/** The streams and the environment of a script. */
export interface ScriptIo {
  readonly stdin: Readable;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Emits once when the reader of the output has gone (`| head`); start nothing more then. */
  readonly outputClosed: Observable<void>;
}

/** The part of `process` that `runScript` uses. */
export interface ScriptHost extends Pick<EventEmitter, 'on'> {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  exitCode?: number | string | null | undefined;
  exit(code: number): unknown;
}

/** A way to report a run to people or programs. */
export interface View {
  onEvent(event: RunEvent): void;
  /** Ends the view, at any time; may be called again. */
  close(): void;
}

/** The control sequences of the live display; all of today's terminals support them. */
export const terminalCodes = {
  hideCursor: '\x1b[?25l',
  showCursor: '\x1b[?25h',
  /** Cuts lines at the edge of the window instead of wrapping them. */
  noWrap: '\x1b[?7l',
  wrap: '\x1b[?7h',
  eraseLine: '\x1b[2K',
  eraseRestOfLine: '\x1b[K',
  /**
   * Erases from the cursor to the end of the screen. At the very top some terminals scroll instead.
   */
  eraseBelow: '\x1b[J',
  up: (rows: number): string => (rows > 0 ? `\x1b[${rows}A` : ''),
};

/** Colours a text, or returns it unchanged. */
export type Paint = (style: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string;

/** Creates a `Paint`. Ignores `NO_COLOR` and the stream: the caller checks them. */
export function createPaint(isColored: boolean): Paint {
  return (style, text) => (isColored ? styleText(style, text, { validateStream: false }) : text);
}

/** Returns the size of a terminal's window; 80 by 24 if it is unknown (some terminals report 0). */
export function windowSize({ columns = 0, rows = 0 }: TextStream): { columns: number; rows: number } {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}
