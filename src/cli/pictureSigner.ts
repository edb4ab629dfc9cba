import { readFile } from 'node:fs/promises';
import { UsageError } from '../errors.ts';
import { createPictureSigner, type PictureSigner } from '../provenance/c2pa/createPictureSigner.ts';
import type { Flags } from './Flags.ts';

/**
 * Who signs pictures, by the files that the flags name; null where nobody does. Rejects with `UsageError` where one of them is missing
 * or of no use.
 */
export async function pictureSigner({
  c2paCert,
  c2paKey,
}: Pick<Flags, 'c2paCert' | 'c2paKey'>): Promise<PictureSigner | null> {
  if (c2paCert === null && c2paKey === null) return null;
  if (c2paCert === null || c2paKey === null) {
    const got = c2paCert === null ? '`--c2pa-key`' : '`--c2pa-cert`';
    throw new UsageError(`Expected both \`--c2pa-cert\` and \`--c2pa-key\`, got ${got} alone`, {
      suggestion: 'Give both, or leave both out.',
    });
  }
  const [certificatesPem, privateKeyPem] = await Promise.all([textOf(c2paCert), textOf(c2paKey)]);
  return createPictureSigner({ certificatesPem, privateKeyPem });
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const got = code === 'ENOENT' ? 'none' : `one that cannot be read (${code})`;
    throw new UsageError(`Expected a PEM file at ${path}, got ${got}`, {
      suggestion: 'Check the path.',
      cause,
    });
  });
}
