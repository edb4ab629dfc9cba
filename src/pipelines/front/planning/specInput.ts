import { hash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { canonicalJson } from '../../../base/modelInput.ts';
import { hashFile } from '../../../disk/hashFile.ts';
import type { RunInput } from '../../../store/runFile.ts';

/** Returns a file as the input of a run. */
export async function fileInput(path: string): Promise<RunInput> {
  return { path: await realpath(path), sha256: await hashFile(path) };
}

/** Returns a spec as the input of a run: its file, or its content if it is an object. */
export async function specInput(source: string | object): Promise<RunInput> {
  if (typeof source === 'string') return fileInput(source);
  return { path: null, sha256: hash('sha256', canonicalJson(JSON.parse(JSON.stringify(source)))) };
}
