import { join } from 'node:path';
import type { Report } from './Report.ts';
import { writeAtomically } from './writeAtomically.ts';

/** Writes `report.json` into the run folder. Rejects with `StorageError` where the disk refuses. */
export function writeReport(folder: string, report: Report): Promise<void> {
  return writeAtomically(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
}
