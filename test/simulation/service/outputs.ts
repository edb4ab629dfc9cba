import { hash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

/** The outputs of the model: videos, which need no decoder, or pictures. */
export type OutputKind = 'video' | 'picture';

const EXTENSIONS: Readonly<Record<OutputKind, string>> = { video: 'mp4', picture: 'png' };
const known = new Map<string, Buffer>();

/** Returns the addresses of a prediction's files. */
export function urlsOf({ id, outputs }: { readonly id: string; readonly outputs: number }, kind: OutputKind) {
  return Array.from(
    { length: outputs },
    (_, n) => `https://replicate.delivery/${id}/out-${n}.${EXTENSIONS[kind]}`,
  );
}

/** Returns the content of an output, another one for each. */
export function contentOf(id: string, output: number, kind: OutputKind): Buffer {
  const name = `${kind} ${output} of ${id}`;
  const found = known.get(name) ?? (kind === 'video' ? videoOf(name) : pictureOf(name));
  known.set(name, found);
  return found;
}

/** Returns the part of a picture that stays the same if its metadata change. */
export function pixelsOf(content: Buffer): Buffer {
  const start = content.indexOf('IDAT');
  return start === -1 ? content : content.subarray(start, start + 4 + content.readUInt32BE(start - 4));
}

function videoOf(name: string): Buffer {
  const box = (type: string, content: Buffer) => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + content.length);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, content]);
  };
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\x02\0isommp42', 'latin1')),
    box('mdat', Buffer.from(name.padEnd(200, '.'))),
    box('moov', box('mvhd', Buffer.alloc(100))),
  ]);
}

/** A picture of noise: large enough for a thumbnail, quick to decode. */
const SIDE_PX = 120;

function pictureOf(name: string): Buffer {
  const chunk = (type: string, content: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE_PX, 0);
  header.writeUInt32BE(SIDE_PX, 4);
  header.set([8, 2], 8);
  const rows = Array.from({ length: SIDE_PX }, (_, row) => {
    const noise = hash('sha512', `${name} ${row}`, 'buffer');
    return Buffer.concat([Buffer.of(0), Buffer.alloc(3 * SIDE_PX, noise)]);
  });
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows), { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
