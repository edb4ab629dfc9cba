import { fromAbortable } from '../../base/fromAbortable.ts';
import { copyWhole } from '../../disk/copyFiles.ts';
import { hashFile } from '../../disk/hashFile.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { checkWritable } from '../../disk/writeFiles.ts';
import { DeliveryError } from '../../errors.ts';
import type { Destination } from '../../ports.ts';
import type { Outcome } from '../../types.ts';

/**
 * Opens a folder as a destination: files are copied from the run folder to the same paths below
 * `to`, each whole, flushed, then renamed. A file that is there already with the same content is
 * copied over, and one with another content stays: the copy gets `-2` behind its name. Rejects with
 * `StorageError` if the folder cannot be written.
 */
export async function openFolder(to: string, folder: string): Promise<Destination> {
  await checkWritable(to);
  const copied = async (outcome: Outcome): Promise<readonly string[]> => {
    const paths: string[] = [];
    for (const { path, sha256 } of outcome.files) {
      const source = insideFolder(folder, path);
      if ((await hashFile(source).catch(() => null)) !== sha256) throw changed(path, outcome, to);
      paths.push(await copyWhole(source, insideFolder(to, path), () => false));
    }
    return paths;
  };
  return {
    name: to,
    concurrency: 8,
    deliver: (outcome) => fromAbortable(() => copied(outcome)),
    close: async () => {},
  };
}

function changed(path: string, { index }: Outcome, destination: string): DeliveryError {
  return new DeliveryError(`${path} of image #${index + 1} is no longer in the run folder, or has changed.`, {
    destination,
    suggestion: 'Leave the files of a run where they are until it has ended.',
  });
}
