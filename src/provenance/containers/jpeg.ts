import { type Container, collectParts, signerIn } from './container.ts';

const XMP = Buffer.from('http://ns.adobe.com/xap/1.0/\0');
const EXIF = Buffer.from('Exif\0\0');
/** The two bytes of a segment's length count too. */
const MAX_PAYLOAD = 0xffff - 2;

const SOI = 0xffd8;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP11 = 0xeb;
const EOI = 0xd9;
const SOS = 0xda;

/** JUMBF (ISO/IEC 19566-5) in a JPEG. In practice, only C2PA uses it. */
const JUMBF = Buffer.from('JP');

interface Segment {
  readonly marker: number;
  /** Offset of its marker. */
  readonly start: number;
  readonly end: number;
  readonly payload: Buffer;
}

/**
 * Reads a JPEG by the segments before its first scan (ITU-T T.81, annex B), with XMP in an APP1
 * segment (XMP Specification, part 3). Throws `RangeError` if the file is no JPEG.
 */
export function readJpeg(bytes: Buffer): Container {
  if (bytes.readUInt16BE(0) !== SOI) throw new RangeError('Expected a JPEG');
  const segments = collectParts(segmentsOf(bytes));
  const isXmp = ({ marker, payload }: Segment) => marker === APP1 && startsWith(payload, XMP);
  const isFirst = ({ marker, payload }: Segment) =>
    marker === APP0 || (marker === APP1 && startsWith(payload, EXIF));
  const raw = ({ start, end }: Segment) => bytes.subarray(start, end);
  const rest = segments.at(-1)?.end ?? 2;
  return {
    xmp: segments.find(isXmp)?.payload.subarray(XMP.length) ?? null,
    signedBy: signerIn(segments.filter(isManifest).map(({ payload }) => payload)),
    unsigned: () =>
      Buffer.concat([
        bytes.subarray(0, 2),
        ...segments.filter((each) => !isManifest(each)).map(raw),
        bytes.subarray(rest),
      ]),
    withXmp: (packet) => {
      const others = segments.filter((segment) => !isXmp(segment));
      // Readers expect JFIF and Exif ahead of everything else.
      const ahead = others.findLastIndex(isFirst) + 1;
      return Buffer.concat([
        bytes.subarray(0, 2),
        ...others.slice(0, ahead).map(raw),
        xmpSegment(packet),
        ...others.slice(ahead).map(raw),
        bytes.subarray(rest),
      ]);
    },
  };
}

function* segmentsOf(bytes: Buffer): Generator<Segment> {
  let start = 2;
  for (;;) {
    if (bytes.readUInt8(start) !== 0xff) throw new RangeError('Expected a marker');
    let offset = start + 1;
    // Any number of fill bytes may precede a marker.
    while (bytes.readUInt8(offset) === 0xff) offset += 1;
    const marker = bytes.readUInt8(offset);
    if (marker === SOS || marker === EOI) return;
    const end = offset + 1 + bytes.readUInt16BE(offset + 1);
    if (end < offset + 3 || end > bytes.length) throw new RangeError('Expected a whole segment');
    yield { marker, start, end, payload: bytes.subarray(offset + 3, end) };
    start = end;
  }
}

function isManifest({ marker, payload }: Segment): boolean {
  return marker === APP11 && startsWith(payload, JUMBF);
}

function xmpSegment(packet: Buffer): Buffer {
  const length = XMP.length + packet.length;
  if (length > MAX_PAYLOAD) throw new RangeError('Expected XMP that fits into a segment');
  const head = Buffer.of(0xff, APP1, 0, 0);
  head.writeUInt16BE(length + 2, 2);
  return Buffer.concat([head, XMP, packet]);
}

function startsWith(payload: Buffer, beginning: Buffer): boolean {
  return payload.subarray(0, beginning.length).equals(beginning);
}
