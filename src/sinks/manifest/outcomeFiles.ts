import { relative, sep } from 'node:path';
import type { RenderedOriginal } from '../../base/items/item.ts';
import { recipeOf } from '../../renditions/lists.ts';
import type { ImageFile, OutcomeFile } from '../../types.ts';

/**
 * Returns the files of a job as its outcome has them, with paths relative to the run folder:
 * originals, each with its renditions. An original has its position in the output if its file has.
 */
export function outcomeFiles(images: readonly RenderedOriginal[], folder: string): OutcomeFile[] {
  return images.flatMap(({ original, renditions }) => [
    fileEntry('original', 'original', original, folder),
    ...untouchedEntry(original, folder),
    ...renditions.map((rendition) => ({
      ...fileEntry('rendition', rendition.spec.name, rendition, folder),
      recipe: recipeOf(rendition.spec),
    })),
  ]);
}

/** Returns the entry of the file before provenance was embedded, if it is kept. */
export function untouchedEntry({ output: _all, ...original }: ImageFile, folder: string): OutcomeFile[] {
  const { untouched } = original;
  return untouched === undefined
    ? []
    : [fileEntry('untouched', 'untouched', { ...original, ...untouched }, folder)];
}

/** Returns one file as an outcome has it. */
export function fileEntry(
  role: OutcomeFile['role'],
  name: string,
  file: ImageFile,
  folder: string,
): OutcomeFile {
  const { widthPx, heightPx, format, bytes, sha256, output } = file;
  const path = relative(folder, file.path).replaceAll(sep, '/');
  const position = output === undefined ? {} : { output };
  return { role, name, path, width: widthPx, height: heightPx, format, bytes, sha256, ...position };
}
