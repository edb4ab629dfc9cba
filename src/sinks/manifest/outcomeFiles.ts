import { relative, sep } from 'node:path';
import type { RenderedOriginal } from '../../base/items/item.ts';
import { recipeOf } from '../../renditions/lists.ts';
import type { ImageFile, OutcomeFile } from '../../types.ts';

/** Returns the files of a job as its outcome has them, with paths relative to the run folder. */
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
