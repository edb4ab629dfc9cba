import type { ItemRequest, Made } from '../../base/items/item.ts';
import { messageOf, shown } from '../../base/text.ts';
import { numberedStem, stemBelow, stemIn } from '../../disk/copyFiles.ts';
import { DownloadError } from '../../errors.ts';
import type { Prediction } from '../../types.ts';

/**
 * A path without extension, or a function that returns it: given the prediction, the position of
 * its item in the source, and the request.
 */
export type StemOf = string | ((prediction: Prediction, index: number, request: ItemRequest) => string);

/** The names of the files of an item. */
export interface FileStems {
  /** Path of a file without extension, by its position in the output. */
  readonly stemOf: (output: number) => string;
  /** The same for the image before provenance was embedded; null if these are not stored. */
  readonly untouchedOf: ((output: number) => string) | null;
}

interface StemsConfig {
  folder?: string;
  stem?: StemOf;
  untouchedStem?: StemOf;
}

/**
 * Creates the function that names the files of items: by `stem`, or in the folder by the path of a
 * plan, else by position and prediction. A text can only name those of one item. It throws a
 * `DownloadError`, for one item alone, that explains how to get its output.
 */
export function createStems({
  folder,
  stem,
  untouchedStem,
}: StemsConfig): (item: Made, urls: readonly string[]) => FileStems {
  let named: string | null = null;
  const pathBy = (by: StemOf, { prediction, index, request }: Made): string => {
    const path: unknown = typeof by === 'function' ? by(prediction, index, request) : by;
    if (typeof path === 'string' && path !== '') return stemIn(folder, path);
    throw new Error(`Expected a path, got ${shown(path)}`);
  };
  return (item, urls) => {
    const { id } = item.prediction;
    try {
      if (typeof stem === 'string') {
        if (named !== null)
          throw new Error(`Expected \`stem\` to be a function, as ${named} has the name ${stem}`);
        named = id;
      }
      const first = stem === undefined ? stemBelow(folder ?? '', nameOf(item)) : pathBy(stem, item);
      const untouched = untouchedStem === undefined ? null : pathBy(untouchedStem, item);
      return {
        stemOf: (output) => numberedStem(first, output),
        untouchedOf: untouched === null ? null : (output) => numberedStem(untouched, output),
      };
    } catch (error) {
      throw unnamed(id, urls, error);
    }
  };
}

function nameOf({ prediction: { id }, index, request }: Made): string {
  return request.path ?? `${String(index + 1).padStart(4, '0')}-${id}`;
}

const MOST_URLS = 4;
const MOST_URL_CHARS = 300;

function unnamed(id: string, urls: readonly string[], cause: unknown): DownloadError {
  const listed = urls.slice(0, MOST_URLS).map((url) => url.slice(0, MOST_URL_CHARS));
  const others = urls.length > MOST_URLS ? ` and ${urls.length - MOST_URLS} more` : '';
  return new DownloadError(
    'ERR_NO_FILE_NAME',
    `The files of prediction ${id} have no name: ${messageOf(cause)}`,
    {
      suggestion: `Correct \`stem\`. The output is paid, and at ${listed.join(', ')}${others} for about an hour: download it from there.`,
      cause,
    },
  );
}
