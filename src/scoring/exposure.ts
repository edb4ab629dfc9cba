import type { Pixels } from './Pixels.ts';

/** Greys at or beyond these show nothing any more. */
const BLACK = 2;
const WHITE = 253;

/**
 * How little of a picture is lost to black or white: 1 minus the share of pixels whose grey is 2 or less, or 253 or more.
 * 1 nothing is clipped, 0 everything is. The usual clipping warning of cameras and editors, as a number.
 */
export function exposure({ grey }: Pixels): number {
  let clipped = 0;
  for (const value of grey) if (value <= BLACK || value >= WHITE) clipped += 1;
  return 1 - clipped / grey.length;
}
