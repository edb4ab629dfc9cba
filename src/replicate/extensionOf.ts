import { isUtf8 } from 'node:buffer';
import { DownloadError } from '../errors.ts';
import { isSvg } from '../isSvg.ts';
import { loaded } from '../loaded.ts';
import type { ReceivedFile } from './createByteMeter.ts';
import { namedExtension } from './namedExtension.ts';

/** Names of pictures, films and sounds: what is called so must be one. Nor are pages, or unfinished files, what a model made. */
const SIGNED =
  /^(part|png|jpe?g|webp|avif|gif|svg|tiff?|bmp|heic|mp4|m4v|webm|mov|mkv|avi|mp3|wav|ogg|flac|m4a|s?html?)$/;

/**
 * The extension that fits what is in a file. Pictures, films and sounds are known by their content alone. Others are taken
 * where they are not called a picture: by their content too, or by their name where it has no signature (texts, JSON).
 *
 * Rejects with `ERR_NOT_AN_IMAGE` for all else: web pages, and whatever stands in a picture's place.
 */
export async function extensionOf({ head }: Pick<ReceivedFile, 'head'>, url: string): Promise<string> {
  // Loaded with the first download, while predictions run, so that a run starts sooner.
  const { fileTypeFromBuffer } = await loaded(import('file-type'), 'file-type');
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
