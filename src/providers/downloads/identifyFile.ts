import { importPackage } from '../../disk/storageError.ts';
import { DownloadError } from '../../errors.ts';
import { StructureFault } from '../../images/formats/bytesReader.ts';
import { isSvgMarkup } from '../../images/formats/svg.ts';
import { formatOf, type ImageSize, readWhole } from '../../images/inspectImage.ts';
import type { DownloadTarget, ImageFile } from '../../types.ts';
import { RefusedFile, UNRECOGNISED } from './keepRefused.ts';
import { type ReceivedFile, withReceived } from './receivedFile.ts';
import { isTextFile, isWebPage } from './textFile.ts';

/** The type and size of a file, by its content. */
interface FileIdentity extends Pick<ImageFile, 'format' | 'widthPx' | 'heightPx'> {
  readonly extension: string;
}

export interface IdentifyFileConfig extends Pick<DownloadTarget, 'mayBeText'> {
  /** Its source: names the type of content that has no signature. */
  url: string;
}

/**
 * Identifies a downloaded file by its content, not by its name, and checks that it is whole,
 * without decoding it.
 *
 * Rejects with `DownloadError` if the content is a web page (`ERR_NOT_AN_IMAGE`), with
 * `RefusedFile` if it does not match the name or is a text (`ERR_NOT_AN_IMAGE`), its end is missing
 * (`ERR_TRUNCATED`), or its parts do not fit (`ERR_DAMAGED`).
 */
export async function identifyFile(
  path: string,
  received: ReceivedFile,
  { url, mayBeText = async () => false }: IdentifyFileConfig,
): Promise<FileIdentity> {
  const extension = await extensionOf(path, received, { url, mayBeText });
  const format = extension === 'jpg' ? 'jpeg' : extension;
  try {
    const size = await withReceived(path, received, (reader) => readWhole(reader, format));
    if (size === null) return { extension, format, widthPx: null, heightPx: null };
    return { extension, format, ...((await isTurned(path, received)) ? turned(size) : size) };
  } catch (error) {
    throw error instanceof StructureFault ? notWhole({ extension, format }, error) : error;
  }
}

/** Signs of a rotation: Exif in a JPEG, a WebP, or a PNG; a TIFF's own tag. */
const TURNS = /Exif\0\0|EXIF|eXIf|^(?:II\*\0|MM\0\*)/;

/** Returns true if an image is shown with its width and height exchanged. */
async function isTurned(path: string, { head, content }: ReceivedFile): Promise<boolean> {
  if (!TURNS.test(head.toString('latin1'))) return false;
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  const { orientation = 1 } = await sharp(content ?? path, { limitInputPixels: false })
    .metadata()
    .catch(() => ({ orientation: 1 }));
  // https://exiftool.org/TagNames/EXIF.html: 5 to 8 are turned by a quarter.
  return orientation >= 5;
}

function turned({ widthPx, heightPx }: ImageSize): ImageSize {
  return { widthPx: heightPx, heightPx: widthPx };
}

function notWhole(
  { extension, format }: Pick<FileIdentity, 'extension' | 'format'>,
  fault: StructureFault,
): RefusedFile {
  const isCut = fault.kind === 'cut';
  const got = isCut ? 'one whose end is missing' : `a damaged one: ${fault.message}`;
  const message = `Expected a whole ${extension} file, got ${got}`;
  return new RefusedFile(isCut ? 'ERR_TRUNCATED' : 'ERR_DAMAGED', message, {
    recoverable: true,
    suggestion: isCut
      ? 'Run the same command again.'
      : 'If it happens again, look at the prediction on replicate.com.',
    cause: fault,
    keptAs: { suffix: `damaged.${extension}`, format },
  });
}

/**
 * Extensions of images, videos and sounds: a file with one must have its signature. Pages and
 * unfinished files are no outputs.
 */
const SIGNED =
  /^(part|png|jpe?g|webp|avif|gif|svg|tiff?|bmp|heic|mp4|m4v|webm|mov|mkv|avi|mp3|wav|ogg|flac|m4a|s?html?)$/;

const IMAGE_NAME = /^(png|jpe?g|webp|avif|gif|svg|tiff?|bmp|heic)$/;

/** Enough to identify the type of a file. */
const TYPE_BYTES = 4_100;

/** Formats that begin as others do, camera raws for example: those have fields of their own. */
const SHARED_STARTS = new Set(['tif', 'svg']);

/**
 * Returns the extension that fits the content. Images, videos and sounds are identified by content
 * alone. Other files are accepted unless their name is one of these: by their content too, or by
 * their name if it has no signature; texts only if the model may emit them.
 *
 * Rejects with `ERR_NOT_AN_IMAGE` for web pages and for other content under the name of an image,
 * video or sound.
 */
async function extensionOf(
  path: string,
  received: ReceivedFile,
  { url, mayBeText }: Required<IdentifyFileConfig>,
): Promise<string> {
  const head = received.head.subarray(0, TYPE_BYTES);
  const format = formatOf(head);
  if (format !== null && !SHARED_STARTS.has(format)) return format === 'jpeg' ? 'jpg' : format;
  // Loaded with the first file that needs it.
  const { fileTypeFromBuffer } = await importPackage('file-type', () => import('file-type'));
  const type = await fileTypeFromBuffer(head);
  const name = namedExtension(url);
  if (type !== undefined && isMedia(type.mime) && !isBarelySigned(head, type.ext, name)) return type.ext;
  return format ?? otherExtension(path, received, type, { name, mayBeText });
}

function isMedia(mime: string): boolean {
  return /^(image|video|audio)\//.test(mime);
}

/**
 * Returns true for a sound whose signature is eleven bits, under the name of an image: a damaged
 * image begins like that too.
 */
function isBarelySigned(head: Buffer, extension: string, name: string | null): boolean {
  if (!/^(mp[123]|aac)$/.test(extension) || head.toString('latin1', 0, 3) === 'ID3') return false;
  return IMAGE_NAME.test(name ?? '');
}

/** Returns the extension of a file that is no image, video or sound by its content. */
async function otherExtension(
  path: string,
  received: ReceivedFile,
  type: { readonly ext: string; readonly mime: string } | undefined,
  { name, mayBeText }: Required<Pick<IdentifyFileConfig, 'mayBeText'>> & { readonly name: string | null },
): Promise<string> {
  const head = received.head.subarray(0, TYPE_BYTES);
  const text = new TextDecoder().decode(head);
  if (/^\s*</.test(text) && (await withReceived(path, received, isSvgMarkup))) return 'svg';
  const isPage = isWebPage(text);
  const isText = isPage || isTextFile(head, type?.mime, name);
  if (isPage) throw notAnImage('an HTML page');
  if (!SIGNED.test(name ?? '') && (!isText || (await mayBeText()))) {
    if (type !== undefined) return type.ext;
    if (name !== null) return name;
  }
  throw unrecognised(type?.mime ?? described(isText));
}

function described(isText: boolean): string {
  return isText ? 'a text without a type' : 'something without a type';
}

const AGAIN = {
  // Front ends respond with such things while a server behind them is down.
  recoverable: true,
  suggestion: 'If it happens again, look at the prediction on replicate.com.',
};

function notAnImage(got: string): DownloadError {
  return new DownloadError('ERR_NOT_AN_IMAGE', `Expected an image, got ${got}`, AGAIN);
}

function unrecognised(got: string): RefusedFile {
  return new RefusedFile('ERR_NOT_AN_IMAGE', `Expected an image, got ${got}`, {
    ...AGAIN,
    keptAs: { suffix: UNRECOGNISED, format: UNRECOGNISED },
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
