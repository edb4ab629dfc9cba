import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Returns a path as the disk spells it: an accented letter may be one character (NFC) or two (NFD),
 * and files from a Mac often have the other spelling than the text that names them. Each component
 * is looked for. Returns the path unchanged if nothing is there in either spelling.
 */
export function spelledOnDisk(path: string): string {
  return found(path) ?? path;
}

function found(path: string): string | null {
  if (existsSync(path)) return path;
  const [parent, name] = [dirname(path), basename(path)];
  if (parent === path) return null;
  const there = found(parent);
  if (there === null) return null;
  const own = join(there, name);
  if (existsSync(own)) return own;
  // Most names have one spelling, so that missing files cost no list of the folder.
  if (name.normalize('NFC') === name.normalize('NFD')) return null;
  const other = namesIn(there).find((each) => each.normalize('NFC') === name.normalize('NFC'));
  return other === undefined ? null : join(there, other);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
