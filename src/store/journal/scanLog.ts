import { readEntryLog } from './entryLog.ts';
import type { LogLine } from './logLines.ts';

/** The facts that a whole log states. */
interface ScannedLog {
  readonly header: string;
  /** The number that the first line continues. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly endBytes: number;
  /**
   * The same, without the places of jobs at its end that the database does not have: a kill came
   * before their transaction was committed.
   */
  readonly settled: { readonly lastSeq: number; readonly endBytes: number };
  /** True if a line is damaged, or lines are missing between others. */
  readonly isDamaged: boolean;
  /** True if that is so after the last line that the database has. */
  readonly isDamagedAfter: boolean;
  /** True if a run has ended since the database was as it is: that is an older copy. */
  readonly isLaterRun: boolean;
}

/**
 * Reads a whole log; null if there is none. `seq` is the last line that the database has.
 */
export function scanLog(path: string, seq: number): ScannedLog | null {
  let header: string | null = null;
  let firstSeq = 0;
  let lastSeq = -1;
  let endBytes = 0;
  let isDamaged = false;
  let isDamagedAfter = false;
  let hasMore = false;
  let isLaterRun = false;
  let settled = { lastSeq, endBytes };
  for (const { line, endBytes: end } of readEntryLog(path)) {
    endBytes = end;
    const expected = lastSeq + 1;
    if (line !== null && 'log' in line) {
      ({ log: header, seq: firstSeq } = line);
    } else if (line?.seq !== expected) {
      isDamaged = true;
      isDamagedAfter ||= expected > seq;
    }
    lastSeq = line?.seq ?? expected;
    const isNewer = line !== null && lastSeq > seq;
    isLaterRun ||= isNewer && hasMore && 'crcOfDatabase' in line;
    hasMore ||= isNewer && !('crcOfDatabase' in line);
    if (!isPlaceAfter(seq, line)) settled = { lastSeq, endBytes };
  }
  if (endBytes === 0) return null;
  const isHeaderless = header === null;
  return {
    header: header ?? '',
    firstSeq,
    lastSeq,
    endBytes,
    settled,
    isDamaged: isDamaged || isHeaderless,
    isDamagedAfter,
    isLaterRun,
  };
}

/** Returns true for a line after `seq` that only gives a job another index. */
function isPlaceAfter(seq: number, line: LogLine | null): boolean {
  return line !== null && line.seq > seq && 'index' in line && !('state' in line);
}
