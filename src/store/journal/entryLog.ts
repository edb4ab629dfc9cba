import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, ftruncateSync, readSync, renameSync, writeSync } from 'node:fs';
import { openOwnSync, ownFlags } from '../../disk/ownFiles.ts';
import { isMissing } from '../../disk/storageError.ts';
import { newTemporaryPath } from '../../disk/writeFiles.ts';
import type { StoredJob } from '../entries.ts';
import { jobLine, type LogEnd, type LogHeader, type LogLine, lineOfText, textOfLine } from './logLines.ts';

/** The log of a journal, open for writing. */
export interface EntryLog {
  readonly id: string;
  /** Number of the last line that is written. */
  readonly lastSeq: number;
  /** Adds a job to the lines that wait for `write`. */
  add(job: StoredJob, isNew: boolean): void;
  /** Adds the new index of a job, so that a database built from the log has the same. */
  place(id: number, index: number | null): void;
  /**
   * Takes room for the waiting lines, so that a full disk refuses before their transaction is
   * committed; returns the number of the last one. Throws the system's error.
   */
  reserve(): number;
  /** Keeps the waiting lines for `write`: their transaction is committed, and not flushed yet. */
  hold(): void;
  /** Writes the lines that are held: call it once their transaction is flushed. */
  write(): void;
  /** Drops all lines since `hold`: their transaction has failed. */
  undo(): void;
  /** Closes the file; `end` states the database that the run has left. */
  close(end?: { readonly bytes: number; readonly crcOfDatabase: number }): void;
}

/**
 * Opens the log of a journal: every entry as a line of JSON with a checksum, beside the database.
 * It is the second witness of the payments: a database that was damaged, or replaced by an older
 * copy, is repaired from it. Lines are written once their transaction is flushed, before the run
 * acts on them, and are not flushed themselves: a kill or a power cut may take or damage some that
 * the database has, and no others. So damage behind those that it has shows that it is an older
 * copy.
 */
export function openEntryLog(path: string, { log, lastSeq, endBytes }: LogState): EntryLog {
  const fd = openOwnSync(path, ownFlags.readWrite);
  let seq = lastSeq;
  let bytes = endBytes;
  let waiting: string[] = [];
  let held: { readonly text: Buffer; readonly offset: number }[] = [];
  /** The end before the open transaction; null if it has added no line. */
  let before: { seq: number; bytes: number } | null = null;
  ftruncateSync(fd, endBytes);
  const addLine = (lineOf: (lineSeq: number) => LogLine): void => {
    before ??= { seq, bytes };
    waiting.push(textOfLine(lineOf(seq + waiting.length + 1)));
    if (waiting.length >= MOST_WAITING) put();
  };
  const textOfWaiting = () => Buffer.from(waiting.map((line) => `${line}\n`).join(''));
  const writeAt = (text: Buffer, offset: number): void => {
    for (let written = 0; written < text.length; ) {
      written += writeSync(fd, text, written, text.length - written, offset + written);
    }
  };
  const passWaiting = ({ length }: Buffer): void => {
    seq += waiting.length;
    bytes += length;
    waiting = [];
  };
  const put = (text = textOfWaiting()): void => {
    writeAt(text, bytes);
    passWaiting(text);
  };
  return {
    id: log,
    get lastSeq() {
      return seq;
    },
    add: (job, isNew) => addLine((lineSeq) => jobLine(job, lineSeq, isNew)),
    place: (id, index) => addLine((lineSeq) => ({ seq: lineSeq, id, index })),
    reserve: () => {
      // No newline: a reader takes the blanks for a line that was cut off.
      writeAt(textOfWaiting().fill(' '), bytes);
      return seq + waiting.length;
    },
    hold: () => {
      const text = textOfWaiting();
      held.push({ text, offset: bytes });
      passWaiting(text);
      before = null;
    },
    write: () => {
      for (const { text, offset } of held) writeAt(text, offset);
      held = [];
    },
    undo: () => {
      if (before === null) return;
      ({ seq, bytes } = before);
      [waiting, before] = [[], null];
      ftruncateSync(fd, bytes);
    },
    close: (end) => {
      try {
        // Held lines mean that a flush has failed.
        if (end !== undefined && held.length === 0) {
          waiting.push(textOfLine({ seq: seq + 1, ...end }));
          put();
        }
      } catch {
        // The disk may be full. Without this line the next run reads the whole log.
        ftruncateSync(fd, bytes);
      } finally {
        closeSync(fd);
      }
    },
  };
}

/**
 * A change of the input may give a million jobs another index, in one transaction: lines beyond
 * these are written before it is committed.
 */
const MOST_WAITING = 10_000;

/** Where a log ends, so that it can be continued. */
export interface LogState {
  readonly log: string;
  readonly lastSeq: number;
  /** Offset behind the last whole line. */
  readonly endBytes: number;
}

/**
 * Writes a new log that contains all jobs, over the one that is there, whole or not at all. `seq`
 * is the number that its lines continue.
 */
export function writeEntryLog(
  path: string,
  {
    seq,
    jobs,
    knownIds,
    schema,
  }: { seq: number; jobs: Iterable<StoredJob>; knownIds: Iterable<string>; schema: number },
): LogState {
  const log = randomUUID();
  const part = newTemporaryPath(path);
  const fd = openOwnSync(part, ownFlags.create);
  let lastSeq = seq;
  let endBytes = 0;
  let chunk = '';
  const put = (line: LogLine): void => {
    chunk += `${textOfLine(line)}\n`;
    if (chunk.length > CHUNK_BYTES) flush();
  };
  const flush = (): void => {
    endBytes += writeSync(fd, chunk);
    chunk = '';
  };
  try {
    put({ seq, log, schema });
    for (const job of jobs) {
      lastSeq += 1;
      put(jobLine(job, lastSeq, true));
    }
    for (const known of knownIds) {
      lastSeq += 1;
      put({ seq: lastSeq, known });
    }
    flush();
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(part, path);
  return { log, lastSeq, endBytes };
}

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 0x0a;

/** A line of a log that is read, with the offset behind it. */
interface ReadLine {
  /** Null if the line is damaged. */
  readonly line: LogLine | null;
  readonly endBytes: number;
}

/**
 * Yields the lines of a log that end with a newline, in constant memory; none if there is no log.
 * `fromBytes` is the offset of the first.
 */
export function* readEntryLog(path: string, fromBytes = 0): Generator<ReadLine> {
  const fd = openToRead(path);
  if (fd === null) return;
  try {
    let rest: Buffer = Buffer.alloc(0);
    let endBytes = fromBytes;
    const chunkBytes = Math.min(CHUNK_BYTES, fstatSync(fd).size - fromBytes);
    for (let offset = fromBytes; chunkBytes > 0; ) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const read = readSync(fd, chunk, 0, chunkBytes, offset);
      if (read === 0) return;
      offset += read;
      let block = Buffer.concat([rest, chunk.subarray(0, read)]);
      for (let end = block.indexOf(NEWLINE); end >= 0; end = block.indexOf(NEWLINE)) {
        endBytes += end + 1;
        yield { line: lineOfText(block.toString('utf8', 0, end)), endBytes };
        block = block.subarray(end + 1);
      }
      rest = block;
    }
  } finally {
    closeSync(fd);
  }
}

/** Reads the first line of a log; null if there is none, or it is damaged. */
export function readLogHeader(path: string): LogHeader | null {
  const [first] = readEntryLog(path);
  return first?.line != null && 'log' in first.line ? first.line : null;
}

/** More than the longest last line, which is that of a closed run. */
const TAIL_BYTES = 1_024;

/**
 * Reads the header of a log and its last line, if that is the end of a run; null if there is no
 * log, or it ends otherwise. Takes the same time for any length.
 */
export function readLogEnd(path: string): (LogState & { readonly end: LogEnd }) | null {
  const fd = openToRead(path);
  if (fd === null) return null;
  const { size } = fstatSync(fd);
  closeSync(fd);
  const header = readLogHeader(path);
  if (header === null) return null;
  let last: ReadLine | null = null;
  for (const read of readEntryLog(path, Math.max(0, size - TAIL_BYTES))) last = read;
  if (last?.line == null || !('crcOfDatabase' in last.line)) return null;
  return { log: header.log, lastSeq: last.line.seq, endBytes: last.endBytes, end: last.line };
}

function openToRead(path: string): number | null {
  try {
    return openOwnSync(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
