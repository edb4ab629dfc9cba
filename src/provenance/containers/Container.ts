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
