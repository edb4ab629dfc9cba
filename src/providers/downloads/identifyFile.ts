import { open } from 'node:fs/promises';
import { isSvg, type LargeImageLock } from '../../base/pictures.ts';
import { importPackage } from '../../disk/storageError.ts';
import { DownloadError } from '../../errors.ts';
import type { DownloadTarget, ImageFile } from '../../types.ts';
import type { ReceivedFile } from './receiveFile.ts';
import { isTextFile } from './textFile.ts';

/** The type and size of a file, by its content. */
interface FileIdentity extends Pick<ImageFile, 'format' | 'widthPx' | 'heightPx'> {
  readonly extension: string;
}

interface IdentifyFileConfig extends Pick<DownloadTarget, 'mayBeText'> {
  /** Its source: names the type of content that has no signature. */
  url: string;
  /** Decodes large images one at a time. */
  inTurn: LargeImageLock;
}

/**
 * The most pixels of an image: sharp's own limit. A header that claims more is an attack or a
 * fault.
 */
const MAX_PIXELS = 0x3fff * 0x3fff;

/** Formats that can be decoded here; the others are stored as received. */
const decodable = new Set(['png', 'jpg', 'gif', 'webp', 'avif', 'svg', 'tif']);

/**
 * Identifies a downloaded file by its content, not by its name. Rejects with `DownloadError` if the
 * content does not match the name or is a text (`ERR_NOT_AN_IMAGE`), its end is missing
 * (`ERR_TRUNCATED`), or its header claims an absurd size (`ERR_TOO_MANY_PIXELS`).
 */
export async function identifyFile(
  path: string,
  received: ReceivedFile,
  { url, inTurn, mayBeText = async () => false }: IdentifyFileConfig,
): Promise<FileIdentity> {
  const extension = await extensionOf(received, url, mayBeText);
  const format = extension === 'jpg' ? 'jpeg' : extension;
  const end = endOf(extension, received);
  if (end === 'missing') throw cutShort(extension);
  if (!decodable.has(extension)) return { extension, format, widthPx: null, heightPx: null };
  const size = await sizeOf(path, extension);
  // Some files continue after their end mark, and some formats have none: only decoding shows if
  // they are whole.
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
  // Each file is read once.
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
        suggestion: 'If it happens again, look at the prediction on replicate.com.',
        cause,
      });
    });
  if (width * height > MAX_PIXELS) {
    const message = `Expected at most ${MAX_PIXELS} pixels, got a ${extension} of ${width}x${height}`;
    throw new DownloadError('ERR_TOO_MANY_PIXELS', message, {
      suggestion: 'Ask the model for a smaller image.',
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

/**
 * Rejects with the system's error if the file cannot be opened. sharp reports one that is missing,
 * or for which there is no file handle left, as a broken image.
 */
async function expectReadable(path: string): Promise<void> {
  const handle = await open(path);
  await handle.close();
}

/**
 * Extensions of images, videos and sounds: a file with one must have its signature. Pages and
 * unfinished files are no outputs.
 */
const SIGNED =
  /^(part|png|jpe?g|webp|avif|gif|svg|tiff?|bmp|heic|mp4|m4v|webm|mov|mkv|avi|mp3|wav|ogg|flac|m4a|s?html?)$/;

/**
 * Returns the extension that fits the content. Images, videos and sounds are identified by content
 * alone. Other files are accepted unless their name is one of these: by their content too, or by
 * their name if it has no signature; texts only if the model may emit them.
 *
 * Rejects with `ERR_NOT_AN_IMAGE` for web pages and for other content under the name of an image,
 * video or sound.
 */
async function extensionOf(
  { head }: Pick<ReceivedFile, 'head'>,
  url: string,
  mayBeText: () => Promise<boolean>,
): Promise<string> {
  // Loaded with the first download, while predictions run, so that a run starts sooner.
  const { fileTypeFromBuffer } = await importPackage(import('file-type'), 'file-type');
  const type = await fileTypeFromBuffer(head);
  // An animated PNG is a PNG to programs that do not know APNG.
  if (type?.ext === 'apng') return 'png';
  if (type !== undefined && /^(image|video|audio)\//.test(type.mime)) return type.ext;
  if (isSvg(head)) return 'svg';
  const name = namedExtension(url);
  const text = new TextDecoder().decode(head);
  const isPage = /<(!doctype html|html)/i.test(text);
  const isText = isPage || isTextFile(head, type?.mime, name);
  if (!isPage && !SIGNED.test(name ?? '') && (!isText || (await mayBeText()))) {
    if (type !== undefined) return type.ext;
    if (name !== null) return name;
  }
  throw notAnImage(isPage ? 'an HTML page' : (type?.mime ?? described(isText)), url);
}

function described(isText: boolean): string {
  return isText ? 'a text without a type' : 'something without a type';
}

function notAnImage(got: string, url: string): DownloadError {
  return new DownloadError('ERR_NOT_AN_IMAGE', `Expected an image, got ${got}`, {
    // Front ends respond with such pages while a server behind them is down.
    recoverable: !/^data:/i.test(url),
    suggestion: 'If it happens again, look at the prediction on replicate.com.',
  });
}

/** Types of `data:` URLs whose content has no signature. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['text/plain', 'txt'],
  ['text/csv', 'csv'],
  ['text/markdown', 'md'],
  ['text/html', 'html'],
  ['application/json', 'json'],
]);
/** The longest type that is read: the data follow it. */
const TYPE_CHARS = 100;

/**
 * Returns the extension in a URL's path, or the one for the type of a `data:` URL, in lower case
 * and without a dot; null if there is none.
 */
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
 * Looks for the end of a format in the last bytes of a file: a connection may break without an
 * error. Returns `unclear` if the format has no end mark, or other bytes follow it.
 */
function endOf(
  extension: string,
  { bytes, head, tail, hasDeclaredLength }: Omit<ReceivedFile, 'sha256'>,
): 'there' | 'missing' | 'unclear' {
  switch (extension) {
    case 'png':
      return tail.includes('IEND') ? 'there' : 'unclear';
    case 'jpg':
      return tail.includes(JPEG_END) ? 'there' : 'unclear';
    case 'svg':
      return /(<\/svg|\/)\s*>\s*$/i.test(tail.toString('latin1')) ? 'there' : 'unclear';
    case 'gif':
      // A decoder accepts one that ends after any of its frames.
      return tail.at(-1) === GIF_END ? 'there' : 'missing';
    case 'webp':
      return bytes >= head.readUInt32LE(4) + 8 ? 'there' : 'missing';
    default:
      return hasDeclaredLength ? 'there' : 'unclear';
  }
}
