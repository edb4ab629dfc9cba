import type { OutcomeFile } from '../types.ts';

/** A picture as small as this is shown itself: no thumbnail would load faster. */
const SMALL_BYTES = 40_000;
/** What every browser shows. */
const SHOWN_FORMATS = new Set(['png', 'jpeg', 'webp', 'avif', 'gif']);

/** Where an original's small picture is, relative to the run folder: itself where it is small enough, else in `.thumbs`. */
export function thumbnailPath({ path, bytes, format, sha256 }: OutcomeFile): string {
  if (bytes <= SMALL_BYTES && SHOWN_FORMATS.has(format)) return path;
  // No folder of the run can have this name: folders of pictures never begin with a point.
  return `.thumbs/${sha256.slice(0, 20)}.webp`;
}
