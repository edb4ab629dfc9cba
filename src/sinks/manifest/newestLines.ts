import type { FileHandle } from 'node:fs/promises';
import type { LineIndex, LineRange } from './jsonLines.ts';

/** Jobs whose lines are read together. */
const JOBS_AT_A_TIME = 256;
/** Lines further apart than this are read one by one. */
const MAX_READ_BYTES = 4 << 20;

/** The newest line of a job, without its newline. */
export interface JobLine {
  readonly jobIndex: number;
  readonly line: string;
  readonly offsetBytes: number;
}

type Located = LineRange & Pick<JobLine, 'jobIndex'>;

/**
 * Reads the newest line of each job, in input order and constant memory; yields some hundred of
 * them together. Jobs end in about the order in which they begin, so one read usually covers the
 * lines of all of these. `isWanted` chooses jobs by their index.
 */
export async function* newestLines(
  handle: FileHandle,
  index: LineIndex,
  isWanted: (jobIndex: number) => boolean = () => true,
): AsyncGenerator<readonly JobLine[]> {
  // One for all blocks: the lines are copies of it.
  let room = Buffer.alloc(0);
  const roomFor = (bytes: number): Buffer => {
    if (room.length < bytes) room = Buffer.allocUnsafeSlow(bytes * 2);
    return room;
  };
  for (let from = 0; from < index.end; from += JOBS_AT_A_TIME) {
    const lines: Located[] = [];
    for (let jobIndex = from; jobIndex < Math.min(from + JOBS_AT_A_TIME, index.end); jobIndex += 1) {
      const range = index.get(jobIndex);
      if (range !== undefined && isWanted(jobIndex)) lines.push({ jobIndex, ...range });
    }
    if (lines.length > 0) yield await readTogether(handle, lines, roomFor);
  }
}

async function readTogether(
  handle: FileHandle,
  lines: readonly Located[],
  roomFor: (bytes: number) => Buffer,
): Promise<JobLine[]> {
  const start = Math.min(...lines.map(({ offsetBytes }) => offsetBytes));
  const end = Math.max(...lines.map(({ offsetBytes, lengthBytes }) => offsetBytes + lengthBytes));
  const isTogether = end - start <= MAX_READ_BYTES;
  const block = isTogether ? await readBytes(handle, start, end - start, roomFor(end - start)) : null;
  const read: JobLine[] = [];
  for (const { jobIndex, offsetBytes, lengthBytes } of lines) {
    const bytes =
      block?.subarray(offsetBytes - start, offsetBytes - start + lengthBytes) ??
      (await readBytes(handle, offsetBytes, lengthBytes));
    read.push({ jobIndex, offsetBytes, line: bytes.toString('utf8') });
  }
  return read;
}

/** Reads bytes at an offset, into `room`; fewer if the file ends before. */
export async function readBytes(
  handle: FileHandle,
  offsetBytes: number,
  lengthBytes: number,
  room: Buffer = Buffer.alloc(lengthBytes),
): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(room, 0, lengthBytes, offsetBytes);
  return buffer.subarray(0, bytesRead);
}
