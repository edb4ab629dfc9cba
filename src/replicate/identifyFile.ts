import { open } from 'node:fs/promises';
import type { PixelTurn } from '../createPixelTurn.ts';
import { DownloadError } from '../errors.ts';
import { loaded } from '../loaded.ts';
import type { ImageFile } from '../types.ts';
import type { ReceivedFile } from './createByteMeter.ts';
import { extensionOf } from './extensionOf.ts';
import { hasItsEnd } from './hasItsEnd.ts';

/** What a file is, by its content. */
export interface FileIdentity extends Pick<ImageFile, 'format' | 'widthPx' | 'heightPx'> {
  readonly extension: string;
}

export interface IdentifyFileConfig {
  /** Where it is from: says what content without a signature is. */
  url: string;
  /** Large pictures that have to be decoded for it are decoded in turn. */
  inTurn: PixelTurn;
}

/** The largest picture that is taken for one; sharp's own limit. A header that claims more is an attack or a fault. */
const MAX_PIXELS = 0x3fff * 0x3fff;

/** Formats that can be decoded here; the others are kept as they came. */
const decodable = new Set(['png', 'jpg', 'gif', 'webp', 'avif', 'svg', 'tif']);

/**
 * Tells what a downloaded file is, whatever it is called, and refuses one that is not what it is called
 * (`ERR_NOT_AN_IMAGE`), is cut short (`ERR_TRUNCATED`), or claims to be absurdly large (`ERR_TOO_MANY_PIXELS`).
 */
export async function identifyFile(
  path: string,
  received: ReceivedFile,
  { url, inTurn }: IdentifyFileConfig,
): Promise<FileIdentity> {
  const extension = await extensionOf(received, url);
  const format = extension === 'jpg' ? 'jpeg' : extension;
  const end = hasItsEnd(extension, received);
  if (end === 'missing') throw cutShort(extension);
  if (!decodable.has(extension)) return { extension, format, widthPx: null, heightPx: null };
  const size = await sizeOf(path, extension);
  // Some files go on behind their end, and some formats have none: then only decoding tells.
  if (end === 'unclear') await inTurn(size.widthPx * size.heightPx, () => decodeWhole(path, extension));
  return { extension, format, ...size };
}

function cutShort(extension: string, cause?: unknown): DownloadError {
  return new DownloadError(
    'ERR_TRUNCATED',
    `Expected a whole ${extension} file, got one whose end is missing`,
    { recoverable: true, suggestion: 'Run the same command again.', cause },
  );
}

async function loadSharp() {
  const { default: sharp } = await loaded(import('sharp'), 'sharp');
  // Each file is looked at once.
  sharp.cache(false);
  return sharp;
}

async function sizeOf(path: string, extension: string): Promise<{ widthPx: number; heightPx: number }> {
  const sharp = await loadSharp();
  const { width, height } = await sharp(path, { limitInputPixels: false })
    .metadata()
    .catch(async (cause: unknown) => {
      await expectReadable(path);
      const message = `Expected a readable ${extension}, got one with a broken header`;
      throw new DownloadError('ERR_NOT_AN_IMAGE', message, {
        recoverable: true,
        suggestion: 'If it stays so, look at the prediction on replicate.com.',
        cause,
      });
    });
  if (width * height > MAX_PIXELS) {
    const message = `Expected at most ${MAX_PIXELS} pixels, got a ${extension} of ${width}x${height}`;
    throw new DownloadError('ERR_TOO_MANY_PIXELS', message, {
      suggestion: 'Ask the model for a smaller picture.',
    });
  }
  return { widthPx: width, heightPx: height };
}

async function decodeWhole(path: string, extension: string): Promise<void> {
  const sharp = await loadSharp();
  await sharp(path, { failOn: 'truncated', limitInputPixels: MAX_PIXELS })
    .stats()
    .catch(async (cause: unknown) => {
      await expectReadable(path);
      throw cutShort(extension, cause);
    });
}

/** To sharp a file that cannot be opened (none there, no file handle left) is a broken picture. Rejects with the system's error. */
async function expectReadable(path: string): Promise<void> {
  const handle = await open(path);
  await handle.close();
}
