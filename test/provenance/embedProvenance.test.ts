import { execFileSync, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { embedProvenance } from '../../src/provenance/embedProvenance.ts';
import { xmpProperties } from '../../src/provenance/xmp.ts';
import { aProvenance } from '../helpers/aProvenance.ts';
import { temporaryFolder } from '../helpers/temporaryFolder.ts';

const properties = xmpProperties(aProvenance());
const MADE_BY_MODEL = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';

const picture = (channels: 3 | 4 = 3): Sharp =>
  sharp({
    create: {
      width: 61,
      height: 43,
      channels,
      background: channels === 3 ? '#884422' : { r: 9, g: 99, b: 199, alpha: 0.5 },
      ...(channels === 3 ? { noise: { type: 'gaussian', mean: 128, sigma: 40 } } : {}),
    },
  });

const formats: readonly [name: string, format: string, encode: (image: Sharp) => Sharp][] = [
  ['jpeg', 'jpeg', (image) => image.flatten().jpeg()],
  ['progressive jpeg', 'jpeg', (image) => image.flatten().jpeg({ progressive: true })],
  ['png', 'png', (image) => image.png()],
  ['lossy webp', 'webp', (image) => image.webp()],
  ['lossless webp', 'webp', (image) => image.webp({ lossless: true })],
  ['avif', 'avif', (image) => image.avif({ effort: 0 })],
  ['tiff', 'tif', (image) => image.tiff()],
];

function withProvenance(bytes: Buffer, format: string, given = properties): Buffer {
  const result = embedProvenance(bytes, format, given);
  if (!('marked' in result)) throw new Error(result.unmarked);
  return result.marked;
}

const pixels = (bytes: Buffer) => sharp(bytes).raw().toBuffer();
const xmpOf = async (bytes: Buffer) => (await sharp(bytes).metadata()).xmp?.toString() ?? '';

it.each([
  [
    'jpeg',
    Buffer.concat([Buffer.from('ffd8', 'hex'), Buffer.alloc(800_000, Buffer.from('fffe0002', 'hex'))]),
  ],
  ['webp', Buffer.concat([riff(1_600_004), Buffer.alloc(1_600_000, Buffer.from('VP8L\0\0\0\0'))])],
])('a %s of a million empty parts is left as it is', (format, bytes) => {
  expect(embedProvenance(bytes, format, properties)).toEqual({ unmarked: 'unreadable' });
});

function riff(length: number): Buffer {
  const head = Buffer.from('RIFF\0\0\0\0WEBP');
  head.writeUInt32LE(length, 4);
  return head;
}

describe.each(formats)('an image: %s', (_name, format, encode) => {
  it.each([3, 4] as const)(
    'carries its origin, pixel for pixel the same, with %d channels',
    async (channels) => {
      const bytes = await encode(picture(channels)).toBuffer();
      const result = withProvenance(bytes, format);
      expect(await xmpOf(result)).toContain(MADE_BY_MODEL);
      expect(await pixels(result)).toEqual(await pixels(bytes));
    },
  );

  it('keeps its colour profile, Exif data and XMP', async () => {
    const said = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/x"/></rdf:RDF></x:xmpmeta>`;
    const tagged = picture()
      .withExif({ IFD0: { Copyright: 'someone' } })
      .withIccProfile('p3')
      .withXmp(said);
    const bytes = await encode(tagged).toBuffer();
    const result = withProvenance(bytes, format);
    const [before, after] = [await sharp(bytes).metadata(), await sharp(result).metadata()];
    expect(before.icc).toBeDefined();
    expect(after.icc).toEqual(before.icc);
    expect(after.exif).toEqual(before.exif);
    expect(after.exif !== undefined).toBe(format !== 'tif');
    expect(await xmpOf(result)).toContain('image/x');
    expect(await xmpOf(result)).toContain(MADE_BY_MODEL);
    expect(await pixels(result)).toEqual(await pixels(bytes));
  });

  it('is identical if written again, and changes with other provenance', async () => {
    const once = withProvenance(await encode(picture()).toBuffer(), format);
    expect(withProvenance(once, format)).toEqual(once);
    const other = withProvenance(
      once,
      format,
      xmpProperties(aProvenance({ prompt: null, predictionId: 'other' })),
    );
    expect(await xmpOf(other)).toContain('/p/other');
    expect(await xmpOf(other)).not.toContain('pear');
    expect((await xmpOf(other)).match(/<rdf:Description/g)).toHaveLength(1);
  });

  it('gets it or stays unchanged if it is damaged, and never throws', async () => {
    const bytes = await encode(picture()).toBuffer();
    const offset = fc.nat({ max: Math.min(bytes.length - 1, 600) });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(offset, fc.nat(255)), { maxLength: 6 }),
        fc.nat(bytes.length),
        (changes, end) => {
          const odd = Buffer.from(bytes);
          for (const [at, value] of changes) odd[at] = value;
          for (const some of [odd, bytes.subarray(0, end)]) {
            const result = embedProvenance(some, format, properties);
            if ('marked' in result) expect(result.marked.length).toBeGreaterThan(some.length);
            else expect(result.unmarked).not.toBe('format');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('other metadata of an image', () => {
  const bytesOf = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));

  it('segments of a JPEG stay as they are', async () => {
    const bytes = await picture().jpeg().toBuffer();
    const segment = fc
      .tuple(fc.constantFrom(0xe2, 0xec, 0xed, 0xee, 0xfe), bytesOf(300))
      .map(([marker, payload]) => {
        const head = Buffer.of(0xff, marker, 0, 0);
        head.writeUInt16BE(payload.length + 2, 2);
        return Buffer.concat([head, payload]);
      });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), (segments) => {
        const rest = Buffer.concat([...segments, bytes.subarray(2)]);
        const result = withProvenance(Buffer.concat([bytes.subarray(0, 2), rest]), 'jpeg');
        const own = result.indexOf('http://ns.adobe.com/xap/1.0/') - 4;
        const length = result.readUInt16BE(own + 2) + 2;
        expect(Buffer.concat([result.subarray(2, own), result.subarray(own + length)])).toEqual(rest);
      }),
    );
  });

  it('chunks of a PNG stay as they are, in their order', async () => {
    const bytes = await picture().png().toBuffer();
    const chunk = fc.tuple(fc.constantFrom('tEXt', 'prVt', 'eXIf'), bytesOf(300)).map(([type, data]) => {
      const typed = Buffer.concat([Buffer.from(type), data]);
      const whole = Buffer.alloc(typed.length + 8);
      whole.writeUInt32BE(data.length);
      typed.copy(whole, 4);
      whole.writeUInt32BE(crc32(typed), typed.length + 4);
      return whole;
    });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 5 }), (chunks) => {
        const body = Buffer.concat([...chunks, bytes.subarray(33)]);
        const result = withProvenance(Buffer.concat([bytes.subarray(0, 33), body]), 'png');
        expect(result.subarray(0, 33)).toEqual(bytes.subarray(0, 33));
        expect(result.subarray(-body.length)).toEqual(body);
      }),
    );
  });

  it.each([
    ['png', 'jumbc2pa'],
    ['jpeg', 'JP jumbc2pa'],
  ])('a signed manifest stays valid: the image is left unchanged (%s)', async (format, content) => {
    const bytes = await (format === 'png' ? picture().png() : picture().jpeg()).toBuffer();
    const data = Buffer.from(content);
    const typed = Buffer.concat([Buffer.from('caBX'), data]);
    const chunk = Buffer.alloc(typed.length + 8);
    chunk.writeUInt32BE(data.length);
    typed.copy(chunk, 4);
    chunk.writeUInt32BE(crc32(typed), typed.length + 4);
    const segment = Buffer.concat([Buffer.of(0xff, 0xeb, 0, data.length + 2), data]);
    const [from, own] = format === 'png' ? [33, chunk] : [2, segment];
    const signed = Buffer.concat([bytes.subarray(0, from), own, bytes.subarray(from)]);
    expect(embedProvenance(signed, format, properties)).toEqual({ unmarked: 'signed' });
  });

  it('a file that cannot hold it is left unchanged', async () => {
    expect(embedProvenance(await picture().gif().toBuffer(), 'gif', properties)).toEqual({
      unmarked: 'format',
    });
    expect(embedProvenance(Buffer.from('no picture'), 'png', properties)).toEqual({ unmarked: 'unreadable' });
  });
});

const hasExiftool = spawnSync('exiftool', ['-ver']).status === 0;

describe.skipIf(!hasExiftool)('read by exiftool (skipped if it is not installed)', () => {
  const folder = temporaryFolder();
  const read = (path: string, ...tags: string[]): Record<string, string> =>
    JSON.parse(execFileSync('exiftool', ['-json', '-a', ...tags, path], { encoding: 'utf8' }))[0];

  it.each(formats)('%s', async (name, format, encode) => {
    const bytes = await encode(picture()).toBuffer();
    const [before, after] = [join(folder(), `before.${format}`), join(folder(), `after.${format}`)];
    await writeFile(before, bytes);
    await writeFile(after, withProvenance(bytes, format));
    expect(read(after, '-XMP:all'), name).toMatchObject({
      DigitalSourceType: MADE_BY_MODEL,
      CreatorTool: 'rxposure',
      Identifier: 'https://replicate.com/p/gm3qorzdhgbfurvjtvhg6dckhu',
      AISystemUsed: 'black-forest-labs/flux-schnell on Replicate',
      AIPromptInformation: 'A "pear" <on> & off 🍐',
    });
    // No other complaints than before.
    expect(read(after, '-validate', '-warning').Validate).toBe(
      read(before, '-validate', '-warning').Validate,
    );
  });
});
