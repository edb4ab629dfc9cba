import { type Observable, ReplaySubject } from 'rxjs';
import { StorageError } from '../errors.ts';
import type { TextStream } from './ScriptIo.ts';

/** What is known about an output while a script runs. */
export interface OutputWatch {
  /** Emits once, and to late subscribers as well, when nothing more can be written. */
  readonly closed: Observable<void>;
  /** Why, where it was not just a reader that went away (EPIPE); else null. */
  fault(): StorageError | null;
}

/**
 * Takes the errors of an output stream, which would end the process otherwise. The listener stays for good, because the
 * error of the last write may come after the script's end.
 */
export function watchOutput(stream: TextStream): OutputWatch {
  const closed = new ReplaySubject<void>(1);
  let fault: StorageError | null = null;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') fault ??= cannotWrite(error);
    closed.next();
    closed.complete();
  });
  return { closed: closed.asObservable(), fault: () => fault };
}

function cannotWrite(error: NodeJS.ErrnoException): StorageError {
  return new StorageError(
    'ERR_OUTPUT',
    `Expected standard output to take what is written, got ${error.message}`,
    {
      suggestion: 'Make room, or write it to another place.',
      cause: error,
    },
  );
}
