import { lstatSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { hashFile } from '../disk/hashFile.ts';
import { hasSystemCode, toStorageError } from '../disk/storageError.ts';
import { RenderError } from '../errors.ts';

/** The folder of the notes in a run folder. */
const FOLDER = '.decoding';

/**
 * Notes of images that are being decoded apart, so that one that ends the whole process is not
 * decoded again for ever. A decoder that ends by itself leaves none: its parent takes them back.
 */
export interface DecodingNotes {
  /**
   * Notes that an image is being decoded, at once, and returns a function that takes the note back.
   * Rejects with `RenderError` (`ERR_DECODING_DIED`) if two processes have ended while they decoded
   * the same content, and had no less memory for it than this one. The first may have been killed
   * for another reason.
   */
  begin(path: string, budgetBytes: number): Promise<() => void>;
}

/** Deaths of processes after which the image that they decoded is to blame. */
const MOST_DEATHS = 2;

/**
 * Opens the notes of a run folder. They are files in `.decoding`, named after the content of the
 * image, so that they hold for it even if it is moved.
 */
export function openDecodingNotes(folder: string): DecodingNotes {
  const notes = join(folder, FOLDER);
  return {
    async begin(path, budgetBytes) {
      const note = join(notes, `${(await hashFile(path)).slice(0, 20)}.json`);
      // Written at once, because the process may end at any moment from here on. It need not
      // survive a power cut.
      try {
        makeNotes(notes);
        const text = (deaths: number) =>
          `${JSON.stringify({ path: relative(folder, path), budgetBytes, deaths })}\n`;
        if (!create(note, text(0))) {
          const deaths = deathsIn(note, budgetBytes);
          if (deaths >= MOST_DEATHS) throw died(path, note);
          rmSync(note);
          create(note, text(deaths));
        }
      } catch (error) {
        throw error instanceof RenderError ? error : toStorageError(error, note);
      }
      return () => {
        rmSync(note, { force: true });
        removeIfEmpty(notes);
      };
    },
  };
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // An earlier run has left a note.
  }
}

/** Makes the folder of the notes; throws the system's error if a link or a file has its name. */
function makeNotes(notes: string): void {
  try {
    mkdirSync(notes);
  } catch (error) {
    if (!hasSystemCode(error, 'EEXIST') || !lstatSync(notes).isDirectory()) throw error;
  }
}

/** Creates a file; returns false if there is one already, or a link. */
function create(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (hasSystemCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Returns the number of processes that ended while they decoded the image of a note, with no less
 * memory than there is now: the one that left the note, and those that it found noted.
 */
function deathsIn(note: string, budgetBytes: number): number {
  try {
    const { budgetBytes: noted, deaths } = JSON.parse(readFileSync(note, 'utf8'));
    if (typeof noted === 'number' && noted < budgetBytes) return 0;
    return typeof deaths === 'number' ? deaths + 1 : 1;
  } catch {
    // Its process was killed before the note was written.
    return 1;
  }
}

function died(path: string, note: string): RenderError {
  return new RenderError(
    'ERR_DECODING_DIED',
    `${path} is not decoded again: two runs ended while they decoded this image, for which memory may not have sufficed`,
    {
      suggestion: `The original stays on disk. Run the same command again with more memory, or delete ${join(FOLDER, basename(note))} in the run folder if something else ended them.`,
    },
  );
}
