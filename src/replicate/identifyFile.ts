import { DownloadError } from '../errors.ts';
import type { ImageFile } from '../types.ts';
import type { ReceivedFile } from './receiveFile.ts';

/** What a file is, by its content. */
export interface FileIdentity extends Pick<ImageFile, 'format' | 'widthPx' | 'heightPx'> {
  readonly extension: string;
}

/** The largest picture that is taken for one; sharp's own limit. A header that claims more is an attack or a fault. */
const MAX_PIXELS = 0x3fff * 0x3fff;

/**
 * Tells what a downloaded file is, whatever it is called, and refuses one that is no picture or film
 * (`ERR_NOT_AN_IMAGE`), is cut short (`ERR_TRUNCATED`), or claims to be absurdly large (`ERR_TOO_MANY_PIXELS`).
 */
export async function identifyFile(path: string, received: ReceivedFile): Promise<FileIdentity> {
  const extension = await extensionOf(received);
  if (!isWhole(extension, received)) {
    throw new DownloadError(
      'ERR_TRUNCATED',
      `Expected a whole ${extension} file, got one whose end is missing`,
      {
        recoverable: true,
        suggestion: 'Run the same command again.',
      },
    );
  }
  const format = extension === 'jpg' ? 'jpeg' : extension;
  const size = await sizeOf(path, extension);
  return { extension, format, ...size };
}

async function extensionOf({ head }: ReceivedFile): Promise<string> {
  const { fileTypeFromBuffer } = await import('file-type');
  const type = await fileTypeFromBuffer(head);
  if (type !== undefined && /^(image|video|audio)\//.test(type.mime)) return type.ext;
  const text = new TextDecoder().decode(head);
  if (/^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]/i.test(text)) return 'svg';
  const got = type?.mime ?? (/<(!doctype html|html)/i.test(text) ? 'an HTML page' : 'something else');
  throw new DownloadError('ERR_NOT_AN_IMAGE', `Expected an image, got ${got}`, {
    recoverable: true,
    suggestion: 'If it stays so, look at the prediction on replicate.com.',
  });
}

/** Every format whose end can be recognised must have it: a connection may break without an error. */
function isWhole(extension: string, { bytes, head, tail }: ReceivedFile): boolean {
  const end = Buffer.from(tail);
  switch (extension) {
    case 'png':
      return end.includes('IEND');
    case 'jpg':
      return end.includes(Buffer.from([0xff, 0xd9]));
    case 'gif':
      return end.includes(0x3b);
    case 'webp':
      return bytes >= Buffer.from(head).readUInt32LE(4) + 8;
    default:
      return true;
  }
}

/** Formats that can be decoded here; the others are kept as they came. */
const decodable = new Set(['png', 'jpg', 'gif', 'webp', 'avif', 'svg', 'tif']);

async function sizeOf(path: string, extension: string): Promise<Pick<ImageFile, 'widthPx' | 'heightPx'>> {
  if (!decodable.has(extension)) return { widthPx: null, heightPx: null };
  const { default: sharp } = await import('sharp');
  // Each file is looked at once.
  sharp.cache(false);
  const { width, height } = await sharp(path, { limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => {
      throw new DownloadError(
        'ERR_NOT_AN_IMAGE',
        `Expected a readable ${extension}, got one with a broken header`,
        {
          recoverable: true,
          suggestion: 'If it stays so, look at the prediction on replicate.com.',
          cause,
        },
      );
    });
  if (width * height > MAX_PIXELS) {
    const message = `Expected at most ${MAX_PIXELS} pixels, got a ${extension} of ${width}x${height}`;
    throw new DownloadError('ERR_TOO_MANY_PIXELS', message, {
      suggestion: 'Ask the model for a smaller picture.',
    });
  }
  return { widthPx: width, heightPx: height };
}
