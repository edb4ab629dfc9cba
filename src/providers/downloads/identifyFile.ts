import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { isSvg, type LargeImageLock } from '../../base/pictures.ts';
import { importPackage } from '../../disk/storageError.ts';
import { DownloadError } from '../../errors.ts';
import type { ImageFile } from '../../types.ts';
import type { ReceivedFile } from './receiveFile.ts';

/** What a file is, by its content. */
interface FileIdentity extends Pick<ImageFile, 'format' | 'widthPx' | 'heightPx'> {
  readonly extension: string;
}

interface IdentifyFileConfig {
  /** Where it is from: says what content without a signature is. */
  url: string;
  /** Large pictures that have to be decoded for it are decoded in turn. */
  inTurn: LargeImageLock;
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
  const { default: sharp } = await importPackage(import('sharp'), 'sharp');
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

/** Names of pictures, films and sounds: what is called so must be one. Nor are pages, or unfinished files, what a model made. */
const SIGNED =
  /^(part|png|jpe?g|webp|avif|gif|svg|tiff?|bmp|heic|mp4|m4v|webm|mov|mkv|avi|mp3|wav|ogg|flac|m4a|s?html?)$/;

/**
 * The extension that fits what is in a file. Pictures, films and sounds are known by their content alone. Others are taken
 * where they are not called a picture: by their content too, or by their name where it has no signature (texts, JSON).
 *
 * Rejects with `ERR_NOT_AN_IMAGE` for all else: web pages, and whatever stands in a picture's place.
 */
async function extensionOf({ head }: Pick<ReceivedFile, 'head'>, url: string): Promise<string> {
  // Loaded with the first download, while predictions run, so that a run starts sooner.
  const { fileTypeFromBuffer } = await importPackage(import('file-type'), 'file-type');
  const type = await fileTypeFromBuffer(head);
  // An animated PNG is a PNG to all who only know those.
  if (type?.ext === 'apng') return 'png';
  if (type !== undefined && /^(image|video|audio)\//.test(type.mime)) return type.ext;
  if (isSvg(head)) return 'svg';
  const name = namedExtension(url);
  const text = new TextDecoder().decode(head);
  const isPage = /<(!doctype html|html)/i.test(text);
  if (!isPage && !SIGNED.test(name ?? '')) {
    if (type !== undefined) return type.ext;
    if (name !== null) return name;
  }
  const got =
    type?.mime ?? (isPage ? 'an HTML page' : `${isUtf8(head) ? 'a text' : 'something'} without a type`);
  throw new DownloadError('ERR_NOT_AN_IMAGE', `Expected an image, got ${got}`, {
    // Front ends answer with such pages while something behind them is down.
    recoverable: true,
    suggestion: 'If it stays so, look at the prediction on replicate.com.',
  });
}

/** Types of `data:` URLs that say nothing in their content. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['text/plain', 'txt'],
  ['text/csv', 'csv'],
  ['text/markdown', 'md'],
  ['text/html', 'html'],
  ['application/json', 'json'],
]);
/** The longest type that is looked at: behind it are the data. */
const TYPE_CHARS = 100;

/** The extension in a URL's path, or for the type of a `data:` URL, in small letters and without a dot; null where it has none. */
function namedExtension(url: string): string | null {
  const [, type] = /^data:([^;,]*)/i.exec(url.slice(0, TYPE_CHARS)) ?? [];
  if (type !== undefined) return TYPES.get(type.toLowerCase()) ?? null;
  const { pathname = '' } = URL.parse(url) ?? {};
  const [, extension] = /\.([a-z0-9]{1,12})$/i.exec(pathname) ?? [];
  return extension?.toLowerCase() ?? null;
}

const JPEG_END = Buffer.from([0xff, 0xd9]);
const GIF_END = 0x3b;

/**
 * Whether the file is whole, by its last bytes: a connection may break without an error. `unclear` where the format has
 * no end that can be recognised, or something else stands there.
 */
function hasItsEnd(
  extension: string,
  { bytes, head, tail, hasToldLength }: Omit<ReceivedFile, 'sha256'>,
): 'there' | 'missing' | 'unclear' {
  switch (extension) {
    case 'png':
      return tail.includes('IEND') ? 'there' : 'unclear';
    case 'jpg':
      return tail.includes(JPEG_END) ? 'there' : 'unclear';
    case 'svg':
      return /(<\/svg|\/)\s*>\s*$/i.test(tail.toString('latin1')) ? 'there' : 'unclear';
    case 'gif':
      // A decoder takes one that ends after any of its frames.
      return tail.at(-1) === GIF_END ? 'there' : 'missing';
    case 'webp':
      return bytes >= head.readUInt32LE(4) + 8 ? 'there' : 'missing';
    default:
      return hasToldLength ? 'there' : 'unclear';
  }
}
