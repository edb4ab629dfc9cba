import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InputFileError } from './errors.ts';
import type { InputFile } from './types.ts';

/** The content of an input file. Rejects with `InputFileError` where it is not what it was when the run was planned. */
export async function readInputFile({ source, sha256 }: InputFile): Promise<Uint8Array<ArrayBuffer>> {
  const content = await (typeof source === 'string'
    ? readFile(source).catch((cause: unknown) => {
        throw changed(source, cause);
      })
    : source);
  if (hash('sha256', content, 'hex') !== sha256) throw changed(source);
  return new Uint8Array(content);
}

function changed(source: string | Uint8Array, cause?: unknown): InputFileError {
  const name = typeof source === 'string' ? source : 'the bytes of an input';
  return new InputFileError(`Expected ${name} to be what it was when the run was planned`, {
    suggestion: 'Leave input files alone while a run uses them, and run the same command again.',
    cause,
  });
}
