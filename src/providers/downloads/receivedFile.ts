import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { writeFlushed } from '../../disk/writeFiles.ts';
import { type BytesReader, bufferReader, withReader } from '../../images/formats/bytesReader.ts';

/** The facts about a file that were gathered while it was received. */
export interface ReceivedFile {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** The first bytes: enough to identify the type. */
  readonly head: Buffer;
  /**
   * All of a file that is only in memory so far; null for one that is under its temporary name, not
   * flushed yet.
   */
  readonly content: Buffer | null;
}

/**
 * Files up to this size are written once they are whole, checked and marked: with one write and one
 * flush each. 16 downloads at a time hold 32 MB at most.
 */
const MOST_CONTENT_BYTES = 2_000_000;

/**
 * A stream that takes in a file: a small one in memory, a larger one in a new file at its path. It
 * fails with the errors of `onChunk`, which sees each chunk first.
 */
export class Intake extends Writable {
  readonly #path: string;
  readonly #onChunk: (chunk: Buffer) => void;
  #taken: Buffer[] = [];
  #bytes = 0;
  #file: FileHandle | null = null;
  #last: Promise<void> = Promise.resolve();

  constructor(path: string, onChunk: (chunk: Buffer) => void) {
    super();
    this.#path = path;
    this.#onChunk = onChunk;
  }

  /** All of a file that has ended and is not at the path. */
  get content(): Buffer | null {
    return this.#file === null ? Buffer.concat(this.#taken) : null;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#last = this.#take(chunk);
    this.#last.then(() => done(), done);
  }

  /** Closes the file also if the transfer breaks off while it is being opened. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const taken = this.#last.catch(() => {});
    const closed = taken.then(() => this.#file?.close());
    closed.then(
      () => done(error),
      (fault: Error) => done(error ?? fault),
    );
  }

  async #take(chunk: Buffer): Promise<void> {
    this.#onChunk(chunk);
    this.#bytes += chunk.length;
    this.#taken.push(chunk);
    if (this.#file === null && this.#bytes <= MOST_CONTENT_BYTES) return;
    this.#file ??= await open(this.#path, 'wx');
    for (const one of this.#taken.splice(0)) await this.#file.writeFile(one);
  }
}

/** Writes a file under its temporary name, if it is not there yet, and flushes it. */
export async function putDown(path: string, { content }: Pick<ReceivedFile, 'content'>): Promise<void> {
  if (content !== null) return writeFlushed(path, content);
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads a received file, in memory or on disk; see `withReader`. */
export function withReceived<T>(
  path: string,
  { content }: Pick<ReceivedFile, 'content'>,
  use: (reader: BytesReader) => Promise<T>,
): Promise<T> {
  return content === null ? withReader(path, use) : use(bufferReader(content));
}
