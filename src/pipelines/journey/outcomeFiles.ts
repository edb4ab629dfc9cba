import { relative, sep } from 'node:path';
import type { RenderedOriginal } from '../../operators/stages/renditions.ts';
import { recipeOf } from '../../renditions/lists.ts';
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
    ...images.flatMap(({ original: { output, ...original }, renditions }) => [
      fileEntry(
        'original',
        'original',
        isComplete || output === undefined ? original : { ...original, output },
        folder,
      ),
      ...untouchedEntry(original, folder),
      ...renditions.map((rendition) => ({
        ...fileEntry('rendition', rendition.spec.name, rendition, folder),
        recipe: recipeOf(rendition.spec),
      })),
    ]),
    ...missing.flatMap(({ output, kept }) =>
      kept === undefined ? [] : [fileEntry('kept', keptName(kept), { ...kept, output }, folder)],
    ),
    ...refused.flatMap(({ original }) => [
      fileEntry('kept', 'undecodable', original, folder),
      ...untouchedEntry(original, folder),
    ]),
  ];
}

function keptName({ format }: Pick<ImageFile, 'format'>): string {
  return format === 'unrecognised' ? format : 'damaged';
}

function untouchedEntry({ output: _all, ...original }: ImageFile, folder: string): OutcomeFile[] {
  const { untouched } = original;
  return untouched === undefined
    ? []
    : [fileEntry('untouched', 'untouched', { ...original, ...untouched }, folder)];
}

function fileEntry(role: OutcomeFile['role'], name: string, file: ImageFile, folder: string): OutcomeFile {
  const { widthPx, heightPx, format, bytes, sha256, output } = file;
  const path = relative(folder, file.path).replaceAll(sep, '/');
  const position = output === undefined ? {} : { output };
  return { role, name, path, width: widthPx, height: heightPx, format, bytes, sha256, ...position };
}
