import { importPackage } from '../disk/storageError.ts';
import { UsageError } from '../errors.ts';
import type { ProvenanceWriter, RenditionSpec } from '../types.ts';
import { encodeRendition, LEAST_QUALITY } from './encode.ts';
import { createOverlays } from './overlays.ts';

/** A larger image is encoded as a part of it, which takes no more bytes. */
const MOST_PX = 2_048;

/**
 * Checks that each rendition with `maxBytes` can be met by some image: encodes one of a single
 * colour, the smallest there is, at the lowest quality. Rejects with `UsageError` if even that is
 * too large, so that no image is paid for in vain. `embedProvenance` writes the least that the run
 * will.
 */
export async function checkReachableSizes(
  specs: readonly RenditionSpec[],
  embedProvenance: ProvenanceWriter,
): Promise<void> {
  for (const spec of specs) if (spec.maxBytes !== undefined) await checkReachable(spec, embedProvenance);
}

async function checkReachable(spec: RenditionSpec, embedProvenance: ProvenanceWriter): Promise<void> {
  const { overlay: _overlay, caption: _caption, gravity: _gravity, maxBytes = 0, ...plain } = spec;
  // Only some fits have the whole size, for any shape of the original.
  const isWhole = ['cover', 'contain', 'fill'].includes(spec.fit);
  const least: RenditionSpec = {
    ...plain,
    quality: Math.min(LEAST_QUALITY, spec.quality),
    widthPx: isWhole ? Math.min(spec.widthPx, MOST_PX) : 1,
    heightPx: isWhole ? Math.min(spec.heightPx, MOST_PX) : 1,
  };
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const image = sharp({ create: { width: 1, height: 1, channels: 3, background: '#808080' } });
  const { data } = await encodeRendition(image, least, { overlays: createOverlays(), embedProvenance });
  if (data.length <= maxBytes) return;
  const meant = maxBytes < 1_000 ? ` Did you mean max=${maxBytes}kB?` : '';
  throw new UsageError(
    `No image can have rendition ${spec.name} with at most ${maxBytes} bytes: one of a single colour takes ${data.length} bytes as ${spec.format}.`,
    { suggestion: `Allow more bytes, or choose a smaller size.${meant}` },
  );
}
