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
 * and returns the facts about the whole file. Resolves with null, and leaves the file as it was, if
 * it is no JPEG, or if pixels are missing too.
 */
export async function addMissingEnd(path: string, received: ReceivedFile): Promise<ReceivedFile | null> {
  const { bytes, head, content } = received;
  if (formatOf(head) !== 'jpeg') return null;
  if (content !== null) await putDown(path, received);
  await appendFile(path, END);
  const { default: sharp } = await importPackage(import('sharp'), 'sharp');
  const wanted = { fit: 'inside', boxes: [{ widthPx: MOST_PX, heightPx: MOST_PX }] } as const;
  try {
    await withImage(path, { wanted }, (image) =>
      decodeOpened(image, (options) => sharp(image.input, options).stats()),
    );
    return { bytes: bytes + END.length, sha256: await hashFile(path), head, content: null };
  } catch {
    if (content === null) await truncate(path, bytes);
    else await rm(path);
    return null;
  }
}
