/** A box of the ISO base media file format (ISO/IEC 14496-12, section 4.2), in the buffer that it was found in. */
export interface IsobmffBox {
  readonly type: string;
  readonly start: number;
  /** Where what it contains begins; for a full box that is its version. */
  readonly content: number;
  readonly end: number;
}

/** The boxes between two places. Throws `RangeError` where they do not fit between them. */
export function isobmffBoxes(bytes: Buffer, from: number, to: number): readonly IsobmffBox[] {
  const boxes: IsobmffBox[] = [];
  for (let start = from; start < to; ) {
    const told = bytes.readUInt32BE(start);
    const isLarge = told === 1;
    const content = start + (isLarge ? 16 : 8);
    const size = isLarge ? Number(bytes.readBigUInt64BE(start + 8)) : told;
    // Zero: it goes on to the end of the file.
    const end = size === 0 ? to : start + size;
    if (end < content || end > to) throw new RangeError('Expected a whole box');
    boxes.push({ type: bytes.toString('latin1', start + 4, start + 8), start, content, end });
    start = end;
  }
  return boxes;
}

export function isobmffBox(type: string, ...content: readonly Buffer[]): Buffer {
  const size = content.reduce((sum, { length }) => sum + length, 8);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(size);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...content]);
}
