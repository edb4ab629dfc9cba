import { hash } from 'node:crypto';
import { readAvif } from './containers/avif.ts';
import type { Container } from './containers/container.ts';
import { readJpeg } from './containers/jpeg.ts';
import { readPng } from './containers/png.ts';
import { readTiff } from './containers/tiff.ts';
import { readWebp } from './containers/webp.ts';
import { joinXmp } from './xmp.ts';

const READERS = new Map<string, (bytes: Buffer) => Container>([
  ['jpeg', readJpeg],
  ['png', readPng],
  ['webp', readWebp],
  ['avif', readAvif],
  ['tif', readTiff],
]);

/** Why a picture stays as it is: its format has no place for it, a signed manifest vouches for its bytes, or it is odd. */
export type Unmarked = 'format' | 'signed' | 'unreadable';

/**
 * The file of a picture with these XMP properties in it, and without an earlier manifest of ours; its compressed pixels and all else
 * that it says stay as they are. Without properties its XMP stays as well. The format is by content, as `ImageFile` has it. A
 * picture that cannot be marked is left alone, and it is said why.
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
    // Reading behind the end is a RangeError too; zlib has errors of its own, with codes.
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
  const there = container.xmp?.toString('utf8') ?? null;
  const packet = joinXmp(there, properties);
  return packet === there ? bytes : container.withXmp(Buffer.from(packet, 'utf8'));
}

/** What every statement of ours is replaced by. */
const ANY = new Map([['dc:identifier', 'https://replicate.com/p/']]);

const BEGINNING = 'dc:identifier="https://replicate.com/p/';

/**
 * What a marked picture is to be known by, whichever prediction made it and whenever: the sha256 (hex) of its file with a statement
 * that is always the same. Null for one that is not marked, and for TIFFs, which keep what they said before.
 */
export function pictureIdentity(bytes: Buffer, format: string): string | null {
  if (format === 'tif' || !bytes.includes(BEGINNING)) return null;
  const result = embedProvenance(bytes, format, ANY);
  return 'marked' in result ? hash('sha256', result.marked, 'hex') : null;
}
