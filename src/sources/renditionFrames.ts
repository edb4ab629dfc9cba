import type { RenditionSpec } from '../types.ts';

/**
 * What of renditions has always been part of a spec's fingerprint: the shape, which a model is asked for, and the file. How they
 * are cut, captioned or encoded changes no request, so a run folder may go on with other choices.
 */
export function renditionFrames(specs: readonly RenditionSpec[]): readonly RenditionSpec[] {
  return specs.map(({ name, widthPx, heightPx, fit, format, quality }) => {
    return { name, widthPx, heightPx, fit, format, quality };
  });
}
