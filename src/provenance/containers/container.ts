/** An image file and its XMP. The pixels are never decoded or changed. */
export interface Container {
  /** The XMP packet; null if the file has none. */
  readonly xmp: Buffer | null;
  /**
   * The signer of the C2PA manifest that covers the file's bytes: any change would invalidate it.
   */
  readonly signedBy: 'none' | 'us' | 'others';
  /** Returns the file without a manifest of ours. */
  unsigned(): Buffer;
  /**
   * Returns the file with this packet instead of its own. Throws `RangeError` if the file has no
   * room for it.
   */
  withXmp(packet: Buffer): Buffer;
}

/** Parts of a file, at most. Honest files have some thousands; millions would fill the memory. */
const MOST_PARTS = 100_000;

/** Collects the parts of a file. Throws `RangeError` if they are too many. */
export function collectParts<T>(parts: Iterable<T>): readonly T[] {
  const found: T[] = [];
  for (const part of parts) {
    if (found.length === MOST_PARTS) throw new RangeError(`Expected at most ${MOST_PARTS} parts`);
    found.push(part);
  }
  return found;
}

/** The name of the generator in our C2PA manifests. */
export const claimGenerator = 'rxposure';

/** The generator's name in a claim, in CBOR (RFC 8949): a key, then a text of eight characters. */
const OUR_NAME = Buffer.concat([
  Buffer.from('name'),
  Buffer.of(0x60 + claimGenerator.length),
  Buffer.from(claimGenerator),
]);

/** Returns the signer of the manifest in these parts of a file. */
export function signerIn(parts: readonly Buffer[]): Container['signedBy'] {
  if (!parts.some((part) => part.includes('c2pa'))) return 'none';
  return parts.some((part) => part.includes(OUR_NAME)) ? 'us' : 'others';
}
