import type { Pixels } from './Pixels.ts';
import { spread } from './spread.ts';

/** Variance at which a picture rates one half: about that of a photograph in focus, 512 px wide. */
const HALF = 500;

/**
 * How sharp a picture is: the variance v of its Laplacian (4-neighbour, over grey 0…255), as v / (v + 500). 0 flat or blurred
 * beyond recognition; towards 1 the more fine edges there are, noise included.
 *
 * Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000, https://doi.org/10.1109/ICPR.2000.903548
 */
export function sharpness({ widthPx, heightPx, grey }: Pixels): number {
  if (widthPx < 3 || heightPx < 3) return 0;
  const laplacian = new Float32Array((widthPx - 2) * (heightPx - 2));
  let place = 0;
  for (let y = 1; y < heightPx - 1; y += 1) {
    for (let x = 1; x < widthPx - 1; x += 1) {
      const at = y * widthPx + x;
      const around =
        (grey[at - 1] ?? 0) + (grey[at + 1] ?? 0) + (grey[at - widthPx] ?? 0) + (grey[at + widthPx] ?? 0);
      laplacian[place++] = around - 4 * (grey[at] ?? 0);
    }
  }
  const { variance } = spread(laplacian);
  return variance / (variance + HALF);
}
