import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defer } from 'rxjs';
import { z } from 'zod';
import { expectOptions, type OptionRules, optionRules } from '../base/options.ts';
import { makeFolder } from '../disk/folders.ts';
import type { ModelCache } from '../ports.ts';
import type { KeptModel } from '../types.ts';

export interface ModelCacheConfig {
  /** Folder of the cache; created if it does not exist. */
  folder: string;
  /** The API's base URL: another API may have other models of the same name. */
  baseUrl: string;
  /** The local clock, ms since 1970. Default Date.now. */
  now?: () => number;
}

const rules: OptionRules<ModelCacheConfig> = {
  folder: optionRules.path,
  baseUrl: optionRules.text,
  now: optionRules.task,
};

const storedFile = z.object({
  baseUrl: z.string(),
  model: z.string(),
  version: z.string().nullable(),
  savedAtMs: z.number(),
  answer: z.unknown(),
});

/**
 * Creates a cache that stores the responses about models as files of a folder, one each. Only this
 * user can read them: models may be private. Each file is written under a temporary name and
 * renamed; one that is damaged, or cannot be read or written, counts as missing.
 *
 * Throws a RangeError if an option is invalid or missing, `UsageError` for a name that none has.
 */
export function createModelCache(config: ModelCacheConfig): ModelCache {
  expectOptions(config, rules, { required: ['folder', 'baseUrl'] });
  const { folder, baseUrl, now = Date.now } = config;
  const pathOf = (model: string, version: string | null): string => {
    const key = createHash('sha256')
      .update(JSON.stringify([baseUrl, model, version]))
      .digest('hex');
    return join(folder, `${key.slice(0, 32)}.json`);
  };
  return {
    read: (model, version) =>
      defer(async (): Promise<KeptModel | null> => {
        const stored = storedFile.safeParse(await readJson(pathOf(model, version))).data;
        const isOfModel = stored?.baseUrl === baseUrl && stored.model === model && stored.version === version;
        return isOfModel ? { answer: stored.answer, savedAtMs: stored.savedAtMs } : null;
      }),
    write: (model, version, answer) =>
      defer(() => replace(pathOf(model, version), { baseUrl, model, version, savedAtMs: now(), answer })),
    forget: (model, version) => defer(() => rm(pathOf(model, version), { force: true }).catch(() => {})),
  };

  async function replace(path: string, content: z.input<typeof storedFile>): Promise<void> {
    // Concurrent runs may store the same response: each writes its own file, and the last rename
    // wins.
    const temporary = `${path}.${randomUUID()}.part`;
    try {
      makeFolder(folder);
      await writeFile(temporary, JSON.stringify(content), { mode: 0o600, flag: 'wx' });
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
