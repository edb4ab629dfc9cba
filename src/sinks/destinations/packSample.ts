import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { DeliveryError } from '../../errors.ts';
import type { Outcome, OutcomeFile } from '../../types.ts';

/** The empty blocks that tar-stream ends an archive with. */
const END_BYTES = 1024;

/**
 * One sample of a WebDataset as tar blocks: pictures, `.txt`, and last `.json`, so that a sample with that one is whole. Rejects
 * with `DeliveryError` where a picture is no longer there.
 */
export async function packSample(key: string, outcome: Outcome, folder: string): Promise<Buffer> {
  const archive = pack();
  // The same sample has the same bytes, whenever it is packed.
  const mtime = new Date(outcome.completedAt ?? 0);
  for (const { name, file } of memberNames(key, outcome.files)) {
    archive.entry({ name, mtime }, await contentOf(file, outcome, folder));
  }
  archive.entry({ name: `${key}.txt`, mtime }, outcome.prompt);
  archive.entry({ name: `${key}.json`, mtime }, JSON.stringify({ ...outcome, sample: placeIn(outcome) }));
  archive.finalize();
  return (await buffer(archive)).subarray(0, -END_BYTES);
}

/**
 * `KEY.png` for the first original, `KEY.2.png` for the second, `KEY.thumb.webp` and `KEY.2.thumb.webp` for renditions; an output
 * that is a text itself is `KEY.output.json`.
 */
function memberNames(key: string, files: readonly OutcomeFile[]): { name: string; file: OutcomeFile }[] {
  let original = 0;
  return files.map((file) => {
    if (file.role === 'original') original += 1;
    const extension = extname(file.path).slice(1).toLowerCase();
    const parts = [
      key,
      original > 1 ? String(original) : '',
      file.role === 'original' ? '' : file.name,
      OWN_MEMBERS.has(extension) ? 'output' : '',
      extension,
    ];
    return { name: parts.filter((part) => part !== '').join('.'), file };
  });
}

/** What every sample has besides its pictures. */
const OWN_MEMBERS: ReadonlySet<string> = new Set(['txt', 'json']);

async function contentOf(file: OutcomeFile, { index }: Outcome, folder: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, file.path));
  } catch (cause) {
    throw new DeliveryError(
      `Expected ${file.path} of image #${index + 1} in the run folder, but it cannot be read.`,
      {
        destination: 'webdataset',
        cause,
      },
    );
  }
}

/** What tells this picture of the job from another one. */
function placeIn({ files }: Outcome): string {
  return files[0]?.sha256.slice(0, 12) ?? '';
}
