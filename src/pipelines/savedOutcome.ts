import { relative, sep } from 'node:path';
import type { RenderedOriginal } from '../operators/renditions.ts';
import type { ImageFile, Outcome, OutcomeFile } from '../types.ts';
import type { JobAccount } from './createJobAccount.ts';
import type { Run } from './createRun.ts';
import { describeJob } from './describeJob.ts';

/** The outcome of a job whose files are all on disk. */
export function savedOutcome(account: JobAccount, images: readonly RenderedOriginal[], run: Run): Outcome {
  return {
    ...describeJob(account, run),
    status: 'saved',
    files: images.flatMap(({ original, renditions }) => [
      fileEntry('original', 'original', original, run.folder),
      ...untouchedEntry(original, run.folder),
      ...renditions.map((rendition) => fileEntry('rendition', rendition.spec.name, rendition, run.folder)),
    ]),
  };
}

function untouchedEntry(original: ImageFile, folder: string): OutcomeFile[] {
  const { untouched } = original;
  return untouched === undefined
    ? []
    : [fileEntry('untouched', 'untouched', { ...original, ...untouched }, folder)];
}

function fileEntry(role: OutcomeFile['role'], name: string, file: ImageFile, folder: string): OutcomeFile {
  const { widthPx, heightPx, format, bytes, sha256 } = file;
  const path = relative(folder, file.path).replaceAll(sep, '/');
  return { role, name, path, width: widthPx, height: heightPx, format, bytes, sha256 };
}
