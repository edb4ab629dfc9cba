/** The facts about an image file that its header states. */
export interface ImageFacts {
  /** As in `ImageFile`: `png`, `jpeg`, `gif`, `webp`, `tif`, `avif`, `svg`. */
  readonly format: string;
  /** As stored, before it is turned upright. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly memory: DecodingMemory;
  /**
   * True if the header states no bound of the time or memory of decoding: it needs a process of its
   * own.
   */
  readonly isUnbounded: boolean;
}

/** Bytes of memory that a decoder takes besides the pixels that it gives. */
export interface DecodingMemory {
  /** To decode the image at its own size. */
  readonly full: number;
  /** To decode it at half its size or less. */
  readonly shrunk: number;
}

/** Rows of pixels that libvips holds at a time while it decodes and resizes; measured. */
const ROWS = 2_000;

/** Returns the memory of a decoder that works row by row. */
export function rowsMemory(widthPx: number, heightPx: number, bytesPerPixel: number): number {
  return widthPx * Math.min(heightPx, ROWS) * bytesPerPixel;
}
