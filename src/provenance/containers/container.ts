/** A picture file as far as its XMP goes; the picture itself is never decoded or changed. */
export interface Container {
  /** The XMP packet in it; null where it has none. */
  readonly xmp: Buffer | null;
  /** Whose C2PA manifest vouches for its bytes: any change would make it worthless. */
  readonly signedBy: 'nobody' | 'us' | 'others';
  /** The same file without a manifest of ours. */
  unsigned(): Buffer;
  /** The same file with this packet, in the place of the one it has. Throws `RangeError` where it has no room for it. */
  withXmp(packet: Buffer): Buffer;
}

/** Who has made a C2PA manifest, as it says; our own ones are known by it. */
export const claimGenerator = 'rxposure';

/** How a claim has the name of who made it, in CBOR (RFC 8949): a text of eight characters behind its key. */
const OUR_NAME = Buffer.concat([
  Buffer.from('name'),
  Buffer.of(0x60 + claimGenerator.length),
  Buffer.from(claimGenerator),
]);

/** Whose manifest it is that these parts of a file hold. */
export function signerIn(parts: readonly Buffer[]): Container['signedBy'] {
  if (!parts.some((part) => part.includes('c2pa'))) return 'nobody';
  return parts.some((part) => part.includes(OUR_NAME)) ? 'us' : 'others';
}
