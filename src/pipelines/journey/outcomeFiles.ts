import type { RenderedOriginal } from '../../base/items/item.ts';
import { fileEntry, outcomeFiles, untouchedEntry } from '../../sinks/manifest/outcomeFiles.ts';
import type { ImageFile, OutcomeFile } from '../../types.ts';
import type { JobState } from './job.ts';

/**
 * Returns the files of a job as its outcome lists them: originals, each with its renditions, then
 * outputs that are kept although they cannot be used. Files of an incomplete job have their
 * position in the output.
 */
export function filesOf(
  { missing, refused }: Pick<JobState, 'missing' | 'refused'>,
  images: readonly RenderedOriginal[],
  folder: string,
): readonly OutcomeFile[] {
  const isComplete = missing.length === 0 && refused.length === 0;
  return [
    ...outcomeFiles(isComplete ? images.map(withoutOutput) : images, folder),
    ...missing.flatMap(({ output, kept }) =>
      kept === undefined ? [] : [fileEntry('kept', keptName(kept), { ...kept, output }, folder)],
    ),
    ...refused.flatMap(({ original }) => [
      fileEntry('kept', 'undecodable', original, folder),
      ...untouchedEntry(original, folder),
    ]),
  ];
}

function withoutOutput({ original: { output: _all, ...original }, renditions }: RenderedOriginal) {
  return { original, renditions };
}

function keptName({ format }: Pick<ImageFile, 'format'>): string {
  return format === 'unrecognised' ? format : 'damaged';
}
