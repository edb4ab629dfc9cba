import { readFile } from 'node:fs/promises';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';

/** Files of few bytes that take more memory or time than there is, if they are decoded. */
export interface Poison {
  readonly name: string;
  readonly bytes: Buffer;
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

/** The first row and column of each pass of an interlaced PNG, and the steps to the next ones. */
const PASSES = [
  ...([
    [0, 0, 8, 8],
    [0, 4, 8, 8],
    [4, 0, 8, 4],
    [0, 2, 4, 4],
    [2, 0, 4, 2],
    [0, 1, 2, 2],
    [1, 0, 2, 1],
  ] as const),
];

/** A whole PNG of black pixels, `depth` bits each. */
export function blackPng(sidePx: number, { depth = 8, isInterlaced = false } = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(sidePx, 0);
  header.writeUInt32BE(sidePx, 4);
  header.writeUInt8(depth, 8);
  header.writeUInt8(isInterlaced ? 1 : 0, 12);
  const passes = isInterlaced ? PASSES : ([[0, 0, 1, 1]] as const);
  const bytes = passes.reduce((sum, [top, left, down, across]) => {
    const [rows, columns] = [Math.ceil((sidePx - top) / down), Math.ceil((sidePx - left) / across)];
    return sum + rows * (1 + Math.ceil((columns * depth) / 8));
  }, 0);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(bytes), { level: 1 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A whole lossless WebP of one colour: some 40 bytes at any size. */
export async function plainWebp(sidePx: number): Promise<Buffer> {
  const bytes = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#123' } })
    .webp({ lossless: true })
    .toBuffer();
  const size = sidePx - 1;
  bytes.writeUInt32LE(((bytes.readUInt32LE(21) & 0xf0000000) | (size << 14) | size) >>> 0, 21);
  return bytes;
}

const svg = (sidePx: number, content: string) =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${sidePx}" height="${sidePx}">${content}</svg>`,
  );

/** An SVG that takes minutes to draw: eight times eight times … the same shape. */
export function slowSvg(): Buffer {
  const levels = [1, 2, 3, 4, 5, 6].map(
    (level) => `<g id="a${level}">${`<use href="#a${level - 1}"/>`.repeat(8)}</g>`,
  );
  const shape = '<path id="a0" d="M0 0h1000v1000z" opacity=".5"/>';
  return svg(1_000, `${shape}${levels.join('')}<use href="#a6"/>`);
}

/** An SVG of many elements, which take some kilobytes of memory each. */
export function crowdedSvg(elements: number): Buffer {
  return svg(100, '<path d="M0 0h1v1z"/>'.repeat(elements));
}

/** An SVG whose layers all have to be kept until the last one is drawn. */
export function layeredSvg(layers: number): Buffer {
  const results = Array.from({ length: layers }, (_, n) => n);
  const blurs = results.map((n) => `<feGaussianBlur in="SourceGraphic" stdDeviation="5" result="r${n}"/>`);
  const merged = results.map((n) => `<feMergeNode in="r${n}"/>`).join('');
  const filter = `<filter id="f" x="0" y="0" width="1" height="1">${blurs.join('')}<feMerge>${merged}</feMerge></filter>`;
  return svg(4_000, `${filter}<rect filter="url(#f)" width="4000" height="4000"/>`);
}

/** Five poisons, each of another kind. */
export async function poisons({ sidePx = 24_000, elements = 400_000 } = {}): Promise<readonly Poison[]> {
  return [
    {
      name: `interlaced PNG of ${sidePx} x ${sidePx}`,
      bytes: blackPng(sidePx, { depth: 1, isInterlaced: true }),
    },
    { name: 'AVIF of 16,000 x 16,000', bytes: await readFile('test/fixtures/huge.avif') },
    { name: 'WebP of 16,383 x 16,383', bytes: await plainWebp(16_383) },
    { name: `SVG of ${elements} elements`, bytes: crowdedSvg(elements) },
    { name: 'SVG of 40 layers', bytes: layeredSvg(40) },
  ];
}
