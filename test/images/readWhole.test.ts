import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { bufferReader, StructureFault } from '../../src/images/formats/bytesReader.ts';
import { readFacts, readWhole } from '../../src/images/inspectImage.ts';
import { type Original, originals } from '../helpers/originals.ts';
import { blackPng, plainWebp } from '../helpers/poisons.ts';

const all = await originals();

/** The verdict on a file: its size, or its fault. */
function verdict(bytes: Buffer, format: string) {
  return readWhole(bufferReader(bytes), format).catch((error: unknown) => {
    if (error instanceof StructureFault) return `${error.kind}: ${error.message}`;
    throw error;
  });
}

const named = (name: string): Original => {
  const found = all.find((original) => original.name === name);
  if (found === undefined) throw new Error(`Expected an original ${name}`);
  return found;
};

describe.each(all)('a whole file: $name', ({ format, bytes }) => {
  it('has the size that sharp reads', async () => {
    const { width: widthPx, height: heightPx } = await sharp(bytes).metadata();
    expect(await verdict(bytes, format)).toEqual({ widthPx, heightPx });
    expect(await readFacts(bufferReader(bytes))).toMatchObject({ format, widthPx, heightPx });
  });

  it('is cut wherever it ends too early', async () => {
    // The newline behind an SVG is no part of it.
    const length = format === 'svg' ? bytes.length - 1 : bytes.length;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: length - 1 }), async (end) => {
        expect(await verdict(bytes.subarray(0, end), format)).toBe('cut: its end is missing');
      }),
      { numRuns: 60, examples: [[length - 1], [length - 2], [Math.ceil(length / 100)]] },
    );
  });

  it('has a verdict after any overwrite', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.uint8Array({ maxLength: 40 }), async (at, written) => {
        const changed = Buffer.from(bytes);
        changed.set(written.subarray(0, bytes.length - at), at);
        await verdict(changed, format);
        const facts: unknown = await readFacts(bufferReader(changed)).catch((error: unknown) => error);
        expect(facts instanceof StructureFault || !(facts instanceof Error)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

it.each(['png', 'jpeg', 'webp', 'gif', 'tif'])('a %s may be followed by something', async (format) => {
  const { bytes } = named(format === 'webp' ? 'lossy webp' : format === 'tif' ? 'tiff' : format);
  expect(await verdict(Buffer.concat([bytes, Buffer.alloc(100, 'x')]), format)).toMatchObject({
    widthPx: 121,
  });
});

it('a JPEG is cut even if its thumbnail is whole', async () => {
  const thumbnail = Buffer.concat([
    Buffer.from('ffe10008', 'hex'),
    Buffer.from('ffd8ffd9', 'hex'),
    Buffer.alloc(2),
  ]);
  const { bytes } = named('jpeg');
  const withThumbnail = Buffer.concat([bytes.subarray(0, 2), thumbnail, bytes.subarray(2)]);
  expect(await verdict(withThumbnail, 'jpeg')).toMatchObject({ widthPx: 121 });
  expect(await verdict(withThumbnail.subarray(0, -2), 'jpeg')).toBe('cut: its end is missing');
});

it('a sound is cut if it states its length, and is longer', async () => {
  const wav = Buffer.from('RIFF\0\0\0\0WAVEfmt ');
  wav.writeUInt32LE(wav.length - 8, 4);
  expect(await verdict(wav, 'wav')).toBeNull();
  expect(await verdict(wav.subarray(0, -1), 'wav')).toBe('cut: its end is missing');
  wav.writeUInt32LE(0xffffffff, 4);
  expect(await verdict(wav, 'wav')).toBeNull();
});

it('a film is cut if a box or its data lie beyond its end', async () => {
  const box = (type: string, ...content: Buffer[]) => {
    const body = Buffer.concat(content);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + body.length);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, body]);
  };
  const offset = Buffer.alloc(12);
  offset.writeUInt32BE(1, 4);
  const film = (at: number, ...rest: Buffer[]) => {
    offset.writeUInt32BE(at, 8);
    const tables = ['stbl', 'minf', 'mdia', 'trak'].reduce(
      (inner, type) => box(type, inner),
      box('stco', offset),
    );
    return Buffer.concat([box('ftyp', Buffer.from('isom')), box('moov', tables), ...rest]);
  };
  const data = box('mdat', Buffer.alloc(50));
  const whole = film(80, data);
  expect(await verdict(whole, 'mp4')).toBeNull();
  for (let end = 0; end < whole.length; end += 1) {
    expect(await verdict(whole.subarray(0, end), 'mp4')).toBe('cut: its end is missing');
  }
  expect(await verdict(film(5_000, data), 'mov')).toBe('cut: its end is missing');
});

describe('a file is damaged', () => {
  const png = () => Buffer.from(named('png').bytes);
  const changed = (bytes: Buffer, change: (bytes: Buffer) => void) => {
    const copy = Buffer.from(bytes);
    change(copy);
    return copy;
  };

  it.each<[string, string, () => Buffer | Promise<Buffer>, string]>([
    [
      'a byte of its data is another',
      'png',
      () => changed(png(), (b) => b.writeUInt8(b[900]! ^ 1, 900)),
      'the checksum of a chunk IDAT is wrong',
    ],
    ['its data are too few', 'png', () => sizedPng(9_000), 'its image data are too short for its size'],
    ['its data are too few', 'jpeg', () => sized('jpeg', 0xc0), 'its image data are too short for its size'],
    [
      'its data are too few',
      'gif',
      () => changed(named('gif').bytes, (b) => gifFrame(b).fill(0xff, 5, 9)),
      'its image data are too short for its size',
    ],
    [
      'it states a larger size than its data',
      'avif',
      () => changed(named('avif').bytes, (b) => b.writeUInt32BE(16_000, b.indexOf('ispe') + 8)),
      'it states a larger size than its image has',
    ],
    [
      'its two sizes differ',
      'webp',
      () => changed(named('webp with alpha').bytes, (b) => b.writeUIntLE(9_000, 24, 3)),
      'it states two sizes',
    ],
    ['it has two directories in a circle', 'tif', () => circular(), 'no fault'],
    [
      'its elements are not nested',
      'svg',
      () => Buffer.from('<svg><g></svg></g>'),
      'its elements are not nested',
    ],
    [
      'something follows its root',
      'svg',
      () => Buffer.from('<svg></svg><svg/>'),
      'something follows its end',
    ],
    ['it is a still under the name of a film', 'mp4', () => named('avif').bytes, 'it has no film'],
  ])('if %s: %s', async (_, format, make, fault) => {
    const result = await verdict(await make(), format);
    if (fault === 'no fault') expect(result).toMatchObject({ widthPx: 121 });
    else expect(result).toBe(`damaged: ${fault}`);
  });

  /** A PNG that states a side, with too few data for it. */
  function sizedPng(sidePx: number): Buffer {
    const [large, small] = [blackPng(sidePx, { depth: 1 }), blackPng(8)];
    return Buffer.concat([large.subarray(0, 33), small.subarray(33)]);
  }

  function sized(name: string, frame: number): Buffer {
    return changed(named(name).bytes, (b) =>
      b.fill(0xff, b.indexOf(Buffer.of(0xff, frame)) + 5, b.indexOf(Buffer.of(0xff, frame)) + 9),
    );
  }

  function gifFrame(bytes: Buffer): Buffer {
    return bytes.subarray(bytes.indexOf(Buffer.of(0x2c, 0, 0, 0, 0)));
  }

  /** A TIFF whose directory follows itself: there is nothing to decode twice. */
  function circular(): Buffer {
    return changed(named('tiff').bytes, (b) => {
      const start = b.readUInt32LE(4);
      b.writeUInt32LE(start, start + 2 + 12 * b.readUInt16LE(start));
    });
  }
});

describe('the memory that decoding takes', () => {
  const memoryOf = async (bytes: Buffer) => (await readFacts(bufferReader(bytes))).memory;

  it('is that of some rows if a PNG is not interlaced, else that of all', async () => {
    const rows = await memoryOf(blackPng(8_000, { depth: 1 }));
    expect(rows.full).toBe(8_000 * 2_000 * 2);
    const whole = await memoryOf(blackPng(8_000, { depth: 1, isInterlaced: true }));
    expect(whole.full).toBe(rows.full + 8_000 * 8_000 * 2);
  });

  it('is that of all coefficients if a JPEG is progressive', async () => {
    const [baseline, progressive] = await Promise.all(
      ['jpeg', 'progressive jpeg'].map((name) => memoryOf(named(name).bytes)),
    );
    expect(progressive!.full - baseline!.full).toBe(121 * 83 * 3 * 2);
  });

  it('is less if a WebP is shrunk', async () => {
    const { full, shrunk } = await memoryOf(await plainWebp(16_383));
    expect(full / 16_383 ** 2).toBeGreaterThan(8);
    expect(shrunk).toBeLessThan(0.7 * full);
  });
});

it('takes linear time for any content', async () => {
  const head = named('jpeg').bytes.subarray(0, 2);
  const tiny = Buffer.concat([head, Buffer.alloc(12_000_000, Buffer.from('fffe0002', 'hex'))]);
  const startedAtMs = performance.now();
  expect(await verdict(tiny, 'jpeg')).toBe('damaged: it has too many parts');
  expect(performance.now() - startedAtMs).toBeLessThan(20_000);
});
