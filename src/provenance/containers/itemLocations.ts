/** Where an item's data lies (ISO/IEC 14496-12, section 8.11.3). */
export interface ItemLocation {
  readonly id: number;
  /** 0: offsets count from the beginning of the file. */
  readonly construction: number;
  /** 0: in this file. */
  readonly reference: number;
  readonly extents: readonly { readonly index: number; readonly offset: number; readonly length: number }[];
}

export interface ItemLocations {
  readonly version: number;
  readonly items: readonly ItemLocation[];
}

/** Reads what an `iloc` box contains. Throws `RangeError` where it ends too soon. */
export function readItemLocations(content: Buffer): ItemLocations {
  const version = content.readUInt8(0);
  if (version > 2) throw new RangeError(`Expected an iloc box of version 0 to 2, got ${version}`);
  const sizes = content.readUInt16BE(4);
  const [offsetSize, lengthSize, baseSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15];
  const indexSize = version === 0 ? 0 : sizes & 15;
  const idSize = version === 2 ? 4 : 2;
  let place = 6;
  const read = (size: number): number => {
    const value = size === 8 ? Number(content.readBigUInt64BE(place)) : read32(content, place, size);
    place += size;
    return value;
  };
  const count = read(idSize);
  const items: ItemLocation[] = [];
  for (let n = 0; n < count; n += 1) {
    const id = read(idSize);
    const construction = version === 0 ? 0 : read(2) & 15;
    const reference = read(2);
    const base = read(baseSize);
    const extents = Array.from({ length: read(2) }, () => ({
      index: read(indexSize),
      offset: base + read(offsetSize),
      length: read(lengthSize),
    }));
    items.push({ id, construction, reference, extents });
  }
  return { version, items };
}

/** What an `iloc` box with these locations contains. Its length does not depend on where they are. */
export function writeItemLocations({ version, items }: ItemLocations): Buffer {
  const idSize = version === 2 ? 4 : 2;
  const hasIndexes = items.some(({ extents }) => extents.some(({ index }) => index !== 0));
  const indexSize = hasIndexes ? 4 : 0;
  const head = Buffer.of(version, 0, 0, 0, 0x44, indexSize);
  const fields = items.flatMap(({ id, construction, reference, extents }) => [
    uint(id, idSize),
    ...(version === 0 ? [] : [uint(construction, 2)]),
    uint(reference, 2),
    uint(extents.length, 2),
    ...extents.flatMap(({ index, offset, length }) => [
      uint(index, indexSize),
      uint(offset, 4),
      uint(length, 4),
    ]),
  ]);
  return Buffer.concat([head, uint(items.length, idSize), ...fields]);
}

function read32(content: Buffer, place: number, size: number): number {
  if (size === 0) return 0;
  if (size !== 2 && size !== 4) throw new RangeError(`Expected numbers of 0, 4 or 8 bytes, got ${size}`);
  return content.readUIntBE(place, size);
}

/** Throws `RangeError` where the value has no room. */
function uint(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  if (size > 0) bytes.writeUIntBE(value, 0, size);
  return bytes;
}
