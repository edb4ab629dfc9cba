import { appendFile, rm, truncate } from 'node:fs/promises';
import { hashFile } from '../../disk/hashFile.ts';
import { importPackage } from '../../disk/storageError.ts';
import { formatOf } from '../../images/inspectImage.ts';
import { decodeOpened, withImage } from '../../images/openImage.ts';
import { putDown, type ReceivedFile } from './receivedFile.ts';

/** The marker at the end of a JPEG. */
const END = Buffer.from('ffd9', 'hex');
/**
 * The largest side of a JPEG: it is decoded as large as it is, because a smaller one leaves out
 * rows.
 */
const MOST_PX = 65_535;

/**
 * Adds the end marker to a JPEG that lacks nothing else, as some encoders leave it out, writes it,
 * and returns the result of `identify` for the whole file, with the facts about it. Resolves with
 * null, and leaves the file as it was, if it is no JPEG, if pixels are missing too, or if
 * `identify` refuses it even so: a segment behind the pixels may be cut.
 */
export async function addMissingEnd<T>(
  path: string,
  received: ReceivedFile,
  identify: (whole: ReceivedFile) => Promise<T>,
): Promise<(T & { readonly received: ReceivedFile }) | null> {
  const { bytes, head, content } = received;
  if (formatOf(head) !== 'jpeg') return null;
  const { default: sharp } = await importPackage('sharp', () => import('sharp'));
  if (content !== null) await putDown(path, received);
  await appendFile(path, END);
  const wanted = { fit: 'inside', boxes: [{ widthPx: MOST_PX, heightPx: MOST_PX }] } as const;
  try {
    await withImage(path, { wanted }, (image) =>
      decodeOpened(image, (options) => sharp(image.input, options).stats()),
    );
    const whole = { bytes: bytes + END.length, sha256: await hashFile(path), head, content: null };
    return { ...(await identify(whole)), received: whole };
  } catch {
    if (content === null) await truncate(path, bytes);
    else await rm(path);
    return null;
  }
}
