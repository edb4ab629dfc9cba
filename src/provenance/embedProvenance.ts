import { hash } from 'node:crypto';
import { readAvif } from './containers/avif.ts';
import type { Container } from './containers/container.ts';
import { readJpeg } from './containers/jpeg.ts';
import { readPng } from './containers/png.ts';
import { readTiff } from './containers/tiff.ts';
import { readWebp } from './containers/webp.ts';
import { hasOurStatement, joinXmp } from './xmp.ts';

const READERS = new Map<string, (bytes: Buffer) => Container>([
  ['jpeg', readJpeg],
  ['png', readPng],
  ['webp', readWebp],
  ['avif', readAvif],
  ['tif', readTiff],
]);

/**
 * The reason why a file stays without provenance: its format cannot hold any, a signed manifest
 * covers its bytes, or it cannot be parsed.
 */
export type Unmarked = 'format' | 'signed' | 'unreadable';

/**
 * Writes XMP properties into the file of an image, and removes an earlier manifest of ours. The
 * compressed pixels and all other metadata stay unchanged; without properties, the XMP does too.
 * `format` is the format by content, as in `ImageFile`. Returns the new bytes (`marked`), or the
 * reason why the file cannot hold them (`unmarked`).
 */
export function embedProvenance(
  bytes: Buffer,
  format: string,
  properties: ReadonlyMap<string, string> | null,
): { readonly marked: Buffer } | { readonly unmarked: Unmarked } {
  const read = READERS.get(format);
  if (read === undefined) return { unmarked: 'format' };
  try {
    const { signedBy, unsigned } = read(bytes);
    if (signedBy === 'others') return { unmarked: 'signed' };
    const open = signedBy === 'us' ? unsigned() : bytes;
    return { marked: properties === null ? open : withProperties(open, read(open), properties) };
  } catch (error) {
    // Reading past the end is a RangeError too; zlib has errors of its own, with codes.
    if (error instanceof RangeError || (error instanceof Error && 'code' in error))
      return { unmarked: 'unreadable' };
    throw error;
  }
}

function withProperties(
  bytes: Buffer,
  container: Container,
  properties: ReadonlyMap<string, string>,
): Buffer {
  const current = container.xmp?.toString('utf8') ?? null;
  const packet = joinXmp(current, properties);
  return packet === current ? bytes : container.withXmp(Buffer.from(packet, 'utf8'));
}

/** Replaces our provenance, so that it is the same for every prediction. */
const ANY_PREDICTION = new Map([['dc:identifier', 'https://replicate.com/p/']]);

/**
 * Returns an identity for an image with our provenance that does not depend on the prediction that
 * made it: the sha256 (hex) of its file with a constant in place of the provenance. Null for an
 * image without our provenance, and for TIFFs, which keep earlier XMP.
 */
export function imageIdentity(bytes: Buffer, format: string): string | null {
  if (format === 'tif' || !hasOurStatement(bytes)) return null;
  const result = embedProvenance(bytes, format, ANY_PREDICTION);
  return 'marked' in result ? hash('sha256', result.marked, 'hex') : null;
}
