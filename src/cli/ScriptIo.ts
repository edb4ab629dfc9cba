import type { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { Observable } from 'rxjs';

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
