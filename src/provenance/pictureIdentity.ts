import { hash } from 'node:crypto';
import { markPicture } from './markPicture.ts';

/** What every statement of ours is replaced by. */
const ANY = new Map([['dc:identifier', 'https://replicate.com/p/']]);

const BEGINNING = 'dc:identifier="https://replicate.com/p/';

/**
 * What a marked picture is to be known by, whichever prediction made it and whenever: the sha256 (hex) of its file with a statement
 * that is always the same. Null for one that is not marked, and for TIFFs, which keep what they said before.
 */
export function pictureIdentity(bytes: Buffer, format: string): string | null {
  if (format === 'tif' || !bytes.includes(BEGINNING)) return null;
  const result = markPicture(bytes, format, ANY);
  return 'marked' in result ? hash('sha256', result.marked, 'hex') : null;
}
