import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defer } from 'rxjs';
import { z } from 'zod';
import { makeFolder } from '../disk/writeFiles.ts';
import type { KeptModel, ModelCache } from '../ports.ts';

export interface ModelCacheConfig {
  /** Made where it does not exist. */
  folder: string;
  /** The API's; another API may have other models of the same name. */
  baseUrl: string;
  /** ms since 1970. Default Date.now. */
  now?: () => number;
}

const keptFile = z.object({
  baseUrl: z.string(),
  model: z.string(),
  version: z.string().nullable(),
  savedAtMs: z.number(),
  answer: z.unknown(),
});

/**
 * Answers about models as files of a folder, one each, for this user's eyes only: a private model's are private.
 * A file is renamed into place when it is whole; what is damaged, or cannot be read or written, counts as not there.
 */
export function createModelCache({ folder, baseUrl, now = Date.now }: ModelCacheConfig): ModelCache {
  const pathOf = (model: string, version: string | null): string => {
    const key = createHash('sha256')
      .update(JSON.stringify([baseUrl, model, version]))
      .digest('hex');
    return join(folder, `${key.slice(0, 32)}.json`);
  };
  return {
    read: (model, version) =>
      defer(async (): Promise<KeptModel | null> => {
        const kept = keptFile.safeParse(await readJson(pathOf(model, version))).data;
        const isOfModel = kept?.baseUrl === baseUrl && kept.model === model && kept.version === version;
        return isOfModel ? { answer: kept.answer, savedAtMs: kept.savedAtMs } : null;
      }),
    write: (model, version, answer) =>
      defer(() => replace(pathOf(model, version), { baseUrl, model, version, savedAtMs: now(), answer })),
    forget: (model, version) => defer(() => rm(pathOf(model, version), { force: true }).catch(() => {})),
  };

  async function replace(path: string, kept: z.input<typeof keptFile>): Promise<void> {
    // Runs side by side may keep the same answer: each writes a file of its own, and the last name wins.
    const temporary = `${path}.${randomUUID()}.part`;
    try {
      makeFolder(folder);
      await writeFile(temporary, JSON.stringify(kept), { mode: 0o600 });
      await rename(temporary, path);
    } catch {
      await rm(temporary, { force: true }).catch(() => {});
    }
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}
