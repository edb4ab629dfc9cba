// Compares the memory that decoders take with the amounts that `src/images` expects:
// `npm run bench:decoders`. Linux, a minute. Each image is decoded in a process of its own.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sharp, { type Sharp } from 'sharp';
import { decodePixels } from '../src/images/decodePixels.ts';
import { inspectImage } from '../src/images/inspectImage.ts';

const SIDE_PX = 4_000;
const sizes = { full: SIDE_PX, shrunk: SIDE_PX / 10 } as const;

/** Decodes a file for a size, and prints the bytes that this took at most, its pixels aside. */
async function decode(path: string, sidePx: number): Promise<void> {
  sharp.concurrency(1);
  sharp.cache(false);
  const { format, widthPx, heightPx } = await inspectImage(path);
  const wanted = { fit: 'inside', boxes: [{ widthPx: sidePx, heightPx: sidePx }] } as const;
  const decoding = { format, widthPx, heightPx, wanted, shrinksUpTo: 0.5 };
  // Loads the library.
  await sharp({ create: { width: 9, height: 9, channels: 3, background: '#000' } })
    .png()
    .toBuffer();
  const before = await peakBytes();
  const { data } = await decodePixels(path, decoding);
  console.log(Math.max(0, (await peakBytes()) - before - data.length));
}

async function peakBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8');
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
}

/** Draws noise over a gradient, which no encoder can leave out. */
function pixels(): Buffer {
  const data = Buffer.alloc(SIDE_PX * SIDE_PX * 3);
  let seed = 1;
  for (let at = 0; at < data.length; at += 1) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    data[at] = ((at >> 9) & 0x7f) + ((seed >> 16) & 31);
  }
  return data;
}

async function compare(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'rxposure-decoders-'));
  const data = pixels();
  const opaque = () => sharp(data, { raw: { width: SIDE_PX, height: SIDE_PX, channels: 3 } });
  const images: readonly (readonly [name: string, image: Sharp])[] = [
    ['PNG', opaque().png({ compressionLevel: 3 })],
    ['PNG, interlaced', opaque().png({ compressionLevel: 3, progressive: true })],
    ['PNG, 16 bits', opaque().toColourspace('rgb16').png({ compressionLevel: 3 })],
    ['JPEG', opaque().jpeg()],
    ['JPEG, progressive', opaque().jpeg({ progressive: true })],
    ['JPEG, progressive, 4:4:4', opaque().jpeg({ progressive: true, chromaSubsampling: '4:4:4' })],
    ['WebP', opaque().webp({ effort: 0 })],
    ['WebP, alpha', opaque().ensureAlpha(0.5).webp({ effort: 0 })],
    ['WebP, lossless', opaque().webp({ lossless: true, effort: 0 })],
    ['GIF', opaque().gif({ effort: 1 })],
    ['TIFF', opaque().tiff({ compression: 'deflate' })],
    ['TIFF, tiles', opaque().tiff({ compression: 'deflate', tile: true })],
    ['AVIF', opaque().avif({ effort: 0 })],
  ];
  console.log(`${SIDE_PX} x ${SIDE_PX} pixels: bytes a pixel besides the pixels themselves\n`);
  console.log(`| format | at its size | expected | at a tenth | expected |\n| --- | --- | --- | --- | --- |`);
  const perPixel = (bytes: number) => (bytes / SIDE_PX ** 2).toFixed(1);
  for (const [name, image] of images) {
    const path = join(folder, 'image');
    await writeFile(path, await image.toBuffer());
    const { memory } = await inspectImage(path);
    const cells: string[] = [];
    for (const kind of ['full', 'shrunk'] as const) {
      const task = [fileURLToPath(import.meta.url), path, String(sizes[kind])];
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', ...task]);
      cells.push(perPixel(Number(stdout)), perPixel(memory[kind]));
    }
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
  await rm(folder, { recursive: true, force: true });
}

const [path, sidePx] = process.argv.slice(2);
if (path === undefined) await compare();
else await decode(path, Number(sidePx));
