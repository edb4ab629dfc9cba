import type { FileHandle } from 'node:fs/promises';
import { createIndexSet, type IndexSet } from '../../base/indexSet.ts';
import { createLineIndex, type LineIndex, type LineRange } from './jsonLines.ts';
import { parseOutcome } from './readOutcomes.ts';
import { atLine, wholeLines } from './wholeLines.ts';

/**
 * The beginning of a line: index, key and status come first, so a scan need not parse a million
 * lines.
 */
const LINE_START = /^\{"index":(\d+),(?:"key":"[^"]*","status":"(\w+)",)?/;
const LINE_START_BYTES = 128;

interface ManifestScan {
  readonly index: LineIndex;
  /** Jobs whose newest line begins with the status `saved`. */
  readonly saved: IndexSet;
  /** Offset of the next line: behind the last whole one. */
  readonly endBytes: number;
  readonly sizeBytes: number;
  /** True if there are lines with holes before `endBytes`. */
  readonly hasHoles: boolean;
}

/**
 * Finds each job's newest line in `manifest.jsonl`, in one pass and constant memory. Ignores a last
 * line that a crash cut off or that is not an outcome: `endBytes` lies before it. Ignores each line
 * with a hole: lines are written together, and a power cut keeps any of their sectors.
 */
export async function scanManifest(handle: FileHandle, path: string): Promise<ManifestScan> {
  const index = createLineIndex();
  const saved = createIndexSet();
  const note = ({ jobIndex, isSaved, ...range }: ScannedLine) => {
    if (jobIndex < 0) return;
    index.set(jobIndex, range);
    if (isSaved) saved.add(jobIndex);
    else saved.delete(jobIndex);
  };
  // The last line enters the index only once it has been parsed as an outcome.
  let last: ScannedLine = { jobIndex: -1, isSaved: false, offsetBytes: 0, lengthBytes: 0 };
  let sizeBytes = 0;
  let firstHole = Number.POSITIVE_INFINITY;
  const onEnd = (bytes: number) => {
    sizeBytes = bytes;
  };
  for await (const { line, offsetBytes } of wholeLines(handle, onEnd)) {
    if (hasHole(line)) {
      firstHole = Math.min(firstHole, offsetBytes);
      continue;
    }
    note(last);
    last = { ...startOf(line), offsetBytes, lengthBytes: line.length };
  }
  const isWhole = await isOutcome(handle, path, last);
  if (isWhole) note(last);
  const endBytes = isWhole ? last.offsetBytes + last.lengthBytes + 1 : last.offsetBytes;
  return { index, saved, endBytes, sizeBytes, hasHoles: firstHole < endBytes };
}

/** Yields the lines that have no hole, each with its newline. */
export async function* soundLines(handle: FileHandle): AsyncGenerator<string> {
  for await (const { line } of wholeLines(handle)) {
    if (!hasHole(line)) yield `${line.toString('utf8')}\n`;
  }
}

/** Sectors that were not written are zeros, which JSON never holds. */
function hasHole(line: Buffer): boolean {
  return line.includes(0);
}

/** A line, with the facts that its beginning states. */
interface ScannedLine extends LineRange {
  /** -1 if it does not begin like an outcome. */
  readonly jobIndex: number;
  readonly isSaved: boolean;
}

async function isOutcome(
  handle: FileHandle,
  path: string,
  { offsetBytes, lengthBytes }: LineRange,
): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(lengthBytes), 0, lengthBytes, offsetBytes);
  const line = buffer.toString('utf8');
  return (await atLine({ handle, path, offsetBytes }, () => parseOutcome(line))) !== undefined;
}

function startOf(line: Buffer): Pick<ScannedLine, 'jobIndex' | 'isSaved'> {
  const [, digits, status] = LINE_START.exec(line.toString('latin1', 0, LINE_START_BYTES)) ?? [];
  return { jobIndex: digits === undefined ? -1 : Number(digits), isSaved: status === 'saved' };
}
