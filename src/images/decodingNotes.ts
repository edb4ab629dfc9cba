import { lstatSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { hashFile } from '../disk/hashFile.ts';
import { hasSystemCode, toStorageError } from '../disk/storageError.ts';
import { RenderError } from '../errors.ts';

/** The folder of the notes in a run folder. */
const FOLDER = '.decoding';

/**
 * Notes of images that are being decoded apart, so that one that ends the whole process is not
 * decoded again by the next.
 */
export interface DecodingNotes {
  /**
   * Notes that an image is being decoded, at once, and returns a function that takes the note back.
   * Rejects with `RenderError` (`ERR_DECODING_DIED`) if a process has ended while it decoded the
   * same content, and had no less memory for it than this one.
   */
  begin(path: string, budgetBytes: number): Promise<() => void>;
}

/**
 * Opens the notes of a run folder. They are files in `.decoding`, named after the content of the
 * image, so that they hold for it wherever it is moved.
 */
export function openDecodingNotes(folder: string): DecodingNotes {
  const notes = join(folder, FOLDER);
  return {
    async begin(path, budgetBytes) {
      const note = join(notes, `${(await hashFile(path)).slice(0, 20)}.json`);
      const text = `${JSON.stringify({ path: relative(folder, path), budgetBytes })}\n`;
      // Written at once, because the process may end at any moment from here on. It need not
      // survive a power cut.
      try {
        makeNotes(notes);
        if (!create(note, text)) {
          if (budgetIn(note) >= budgetBytes) throw died(path, note);
          rmSync(note);
          create(note, text);
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

/** Returns the memory that images had when a note was written; endless if it does not say. */
function budgetIn(note: string): number {
  try {
    const { budgetBytes } = JSON.parse(readFileSync(note, 'utf8'));
    return typeof budgetBytes === 'number' ? budgetBytes : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function died(path: string, note: string): RenderError {
  return new RenderError(
    'ERR_DECODING_DIED',
    `${path} is not decoded again: an earlier run ended while it decoded this image, for which memory may not have sufficed`,
    {
      suggestion: `The original stays on disk. Run the same command again with more memory, or delete ${join(FOLDER, basename(note))} in the run folder if something else ended that run.`,
    },
  );
}
