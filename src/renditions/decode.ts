import { open, readFile } from 'node:fs/promises';
import type { Sharp } from 'sharp';
import { messageOf } from '../base/text.ts';
import { importPackage, toStorageError } from '../disk/storageError.ts';
import { RenderError, RxposureError } from '../errors.ts';
import { type Decoding, decodePixels, type RawPixels } from '../images/decodePixels.ts';
import { undecodable } from '../images/decoder.ts';
import { decodeOpened, type OpenedImage, type OpenImageConfig, withImage } from '../images/openImage.ts';

/** An original as uncompressed sRGB pixels: each call starts another rendition from them. */
export type DecodedOriginal = () => Sharp;

/**
 * Decodes an open image at `path` once for all its renditions: upright, sRGB, 8 bits a channel.
 *
 * Rejects with `RenderError` (`ERR_UNDECODABLE`) if it is no complete image, `StorageError` if the
 * file cannot be read.
 */
export async function decodeOriginal(image: OpenedImage, path: string): Promise<DecodedOriginal> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const { input, options, decoding } = image;
  if (decoding === null) return () => sharp(input, options);
  const { data, widthPx: width, heightPx: height, channels } = await decode(input, path, decoding);
  return () => sharp(data, { raw: { width, height, channels }, limitInputPixels: width * height });
}

async function decode(input: string | Buffer, path: string, decoding: Decoding): Promise<RawPixels> {
  const decodeBytes = async () => {
    const bytes = await readFile(path).catch((error: unknown) => {
      throw toStorageError(error, path);
    });
    return decodePixels(bytes, decoding).catch((error: unknown) => {
      throw error instanceof RxposureError ? error : undecodable(path, messageOf(error), error);
    });
  };
  // Sharp reads a file more cheaply than Node does. If it fails, reading the bytes distinguishes a
  // bad disk from a bad image.
  return decodePixels(input, decoding).catch(decodeBytes);
}

/** A size at which every decoder is quick. */
const CHECK_PX = 16;

/**
 * Decodes an image and drops its pixels. Does nothing if it is large, or takes too long. Rejects
 * with `RenderError` (`ERR_UNDECODABLE`) if it is no complete image, `StorageError` if the file
 * cannot be read.
 */
export async function checkDecodable(
  path: string,
  config: Pick<OpenImageConfig, 'notes' | 'signal'> = {},
): Promise<void> {
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const wanted = { fit: 'inside', boxes: [{ widthPx: CHECK_PX, heightPx: CHECK_PX }] } as const;
  await decodeUnlessRefused(path, () =>
    withImage(path, { ...config, wanted, onlySmall: true }, (image) =>
      decodeOpened(image, (options) =>
        sharp(image.input, options).resize(CHECK_PX, CHECK_PX, { fit: 'inside' }).raw().toBuffer(),
      ),
    ),
  );
}

/**
 * Runs a task that decodes an image. Resolves with null if the image takes too much memory or time;
 * rejects with `RenderError` (`ERR_UNDECODABLE`) if sharp cannot decode it, `StorageError` if it
 * cannot be read.
 */
export async function decodeUnlessRefused<T>(path: string, decode: () => Promise<T>): Promise<T | null> {
  try {
    return await decode();
  } catch (error) {
    if (error instanceof RenderError && error.code !== 'ERR_UNDECODABLE') return null;
    if (error instanceof RxposureError) throw error;
    // libvips does not distinguish a bad disk from a bad image.
    const handle = await open(path).catch((cause: unknown) => {
      throw toStorageError(cause, path);
    });
    await handle.close();
    throw undecodable(path, messageOf(error), error);
  }
}
