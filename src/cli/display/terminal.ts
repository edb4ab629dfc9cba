import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import { styleText } from 'node:util';
import type { Observable } from 'rxjs';
import type { RunEvent } from '../../events/runEvent.ts';

/** Where a script writes text: the part of `process.stdout` that is used. */
export interface TextStream extends Pick<EventEmitter, 'on'> {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Absent, or 0 in some terminals that do not know themselves, where there is no window. */
  readonly columns?: number;
  readonly rows?: number;
}

/** The world of a script. */
export interface ScriptIo {
  readonly stdin: Readable;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Emits once where nobody reads the output any more (`| head`): a reason to begin nothing new. */
  readonly outputClosed: Observable<void>;
}

/** The part of `process` that the outermost frame needs. */
export interface ScriptHost extends Pick<EventEmitter, 'on'> {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  exitCode?: number | string | null | undefined;
  exit(code: number): unknown;
}

/** One way to tell people or programs about a run. */
export interface View {
  onEvent(event: RunEvent): void;
  /** Ends it, also in the middle; may be called again. */
  close(): void;
}

/** The few control sequences that the live display needs; all terminals of today know them. */
export const terminalCodes = {
  hideCursor: '\x1b[?25l',
  showCursor: '\x1b[?25h',
  /** A line too long for the window is cut at its edge rather than continued on the next row. */
  noWrap: '\x1b[?7l',
  wrap: '\x1b[?7h',
  eraseLine: '\x1b[2K',
  eraseRestOfLine: '\x1b[K',
  /** From the cursor to the end of the screen. At the very top some terminals scroll all away instead. */
  eraseBelow: '\x1b[J',
  up: (rows: number): string => (rows > 0 ? `\x1b[${rows}A` : ''),
};

/** Colours a text, or leaves it as it is. */
export type Paint = (style: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string;

/** Paints where `isColored`, whatever the environment says: who asks has looked at it. */
export function createPaint(isColored: boolean): Paint {
  return (style, text) => (isColored ? styleText(style, text, { validateStream: false }) : text);
}

/** The window of a terminal; 80 by 24 where it does not know itself (some say 0). */
export function windowSize({ columns = 0, rows = 0 }: TextStream): { columns: number; rows: number } {
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}
