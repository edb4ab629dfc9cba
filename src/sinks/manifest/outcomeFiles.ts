import { relative, sep } from 'node:path';
import type { RefusedOriginal, RenderedOriginal } from '../../base/items/item.ts';
import { recipeOf } from '../../renditions/lists.ts';
import type { ImageFile, MissingOutput, OutcomeFile } from '../../types.ts';

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

/**
 * Returns the files of a job some outputs of which may be unusable: originals, each with its
 * renditions, then outputs that are kept although they cannot be used. Files of an incomplete job
 * have their position in the output.
 */
export function filesOf(
  {
    missing,
    refused,
  }: { readonly missing: readonly MissingOutput[]; readonly refused: readonly RefusedOriginal[] },
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

/** Returns the entry of the file before provenance was embedded, if it is kept. */
function untouchedEntry({ output: _all, ...original }: ImageFile, folder: string): OutcomeFile[] {
  const { untouched } = original;
  return untouched === undefined
    ? []
    : [fileEntry('untouched', 'untouched', { ...original, ...untouched }, folder)];
}

/** Returns one file as an outcome has it. */
function fileEntry(role: OutcomeFile['role'], name: string, file: ImageFile, folder: string): OutcomeFile {
  const { widthPx, heightPx, format, bytes, sha256, output } = file;
  const path = relative(folder, file.path).replaceAll(sep, '/');
  const position = output === undefined ? {} : { output };
  return { role, name, path, width: widthPx, height: heightPx, format, bytes, sha256, ...position };
}
