/** A picture file as far as its XMP goes; the picture itself is never decoded or changed. */
export interface Container {
  /** The XMP packet in it; null where it has none. */
  readonly xmp: Buffer | null;
  /** Whether a C2PA manifest vouches for its bytes, which any change would make worthless. */
  readonly isSigned: boolean;
  /** The same file with this packet, in the place of the one it has. Throws `RangeError` where it has no room for it. */
  withXmp(packet: Buffer): Buffer;
}
