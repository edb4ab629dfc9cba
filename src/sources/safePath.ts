import { maxSegmentBytes, safeSegment } from './safeSegment.ts';

/** 200, less what tells equal paths apart (`-1000000`). */
const maxPathBytes = 190;

/** What a run itself keeps in its folder. */
const runFiles = /^(manifest|report|gallery|contact-sheet|run|campaign_report|stdin|grid)([_. ]|$)/i;

/** Folder names and a file name as one safe path below the run folder, of at most 190 bytes, with `/` between them. */
export function safePath(segments: readonly string[]): string {
  const path = joined(segments, maxSegmentBytes);
  if (Buffer.byteLength(path) <= maxPathBytes) return path;
  // Every segment gets the same share, less its separator.
  return joined(segments, Math.floor(maxPathBytes / segments.length) - 1);
}

function joined(segments: readonly string[], maxBytes: number): string {
  const [first = '', ...rest] = segments.map((segment) => safeSegment(segment, maxBytes));
  return [runFiles.test(first) ? safeSegment(`job-${first}`, maxBytes) : first, ...rest].join('/');
}
