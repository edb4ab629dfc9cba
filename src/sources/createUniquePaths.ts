import { createOccurrences } from './createOccurrences.ts';
import { cutToBytes } from './cutToBytes.ts';
import { maxSegmentBytes } from './safeSegment.ts';

/**
 * Tells equal paths of a run apart: the first keeps its name, the next get `-2`, `-3`, … Paths that differ in case or
 * in the form of their letters only are equal, as they are on macOS and Windows.
 */
export function createUniquePaths(): (path: string) => string {
  const occurrences = createOccurrences();
  const timesBefore = (path: string): number => occurrences.count(comparable(path));
  return (path) => {
    let number = timesBefore(path) + 1;
    if (number === 1) return path;
    // The numbered name may itself be the path of another job.
    for (;;) {
      const candidate = withSuffix(path, `-${number}`);
      if (timesBefore(candidate) === 0) return candidate;
      number += 1;
    }
  };
}

/** Upper-case first: only so do ß and ss, or σ and ς, become one. */
function comparable(path: string): string {
  return path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');
}

function withSuffix(path: string, suffix: string): string {
  const fileBegin = path.lastIndexOf('/') + 1;
  const file = cutToBytes(path.slice(fileBegin), maxSegmentBytes - suffix.length).replace(/[-\s.]+$/, '');
  return `${path.slice(0, fileBegin)}${file}${suffix}`;
}
