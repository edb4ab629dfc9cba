import { DownloadError } from '../errors.ts';
import { loaded } from '../loaded.ts';
import type { ReceivedFile } from './createByteMeter.ts';

const SVG_START = /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg[\s>]/i;

/** The extension that fits what is in a file: of a picture, film or sound. Rejects with `ERR_NOT_AN_IMAGE` for all else. */
export async function extensionOf({ head }: Pick<ReceivedFile, 'head'>): Promise<string> {
  // Loaded with the first download, while predictions run, so that a run starts sooner.
  const { fileTypeFromBuffer } = await loaded(import('file-type'), 'file-type');
  const type = await fileTypeFromBuffer(head);
  // An animated PNG is a PNG to all who only know those.
  if (type?.ext === 'apng') return 'png';
  if (type !== undefined && /^(image|video|audio)\//.test(type.mime)) return type.ext;
  const text = new TextDecoder().decode(head);
  if (SVG_START.test(text)) return 'svg';
  const got = type?.mime ?? (/<(!doctype html|html)/i.test(text) ? 'an HTML page' : 'something else');
  throw new DownloadError('ERR_NOT_AN_IMAGE', `Expected an image, got ${got}`, {
    // Front ends answer with such pages while something behind them is down.
    recoverable: true,
    suggestion: 'If it stays so, look at the prediction on replicate.com.',
  });
}
