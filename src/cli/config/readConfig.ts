import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fileProblem } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import { prefixSpecName, readSpec } from '../../sources/specs/readSpec.ts';
import { configNames } from '../script/findConfig.ts';
import { type ConfigValues, configSchema, valuesOf } from './configSchema.ts';

/** A config that was read. */
export interface Config {
  /** Absolute. */
  readonly path: string;
  readonly values: ConfigValues;
}

const TOKEN = /\br8_\w{8,}/;
const TOKEN_KEY = /^\s*['"]?(?:replicate_?)?(?:api_?)?(?:token|key)['"]?\s*:/im;

/**
 * Reads a config: YAML, JSON, or the default export of a TypeScript module. Relative paths of its
 * files begin in its folder. Rejects with `UsageError` if it has mistakes or a token, belongs to
 * another user, or is one of two, and if this Node cannot load TypeScript.
 */
export async function readConfig(path: string): Promise<Config> {
  await expectOwn(path);
  const isModule = extname(path) === '.ts';
  const content = isModule ? await defaultOf(path) : path;
  expectNoToken(path, isModule ? JSON.stringify(content) : await readFile(path, 'utf8'));
  const read = () => readSpec(content, configSchema, { what: 'config' });
  const checked = await (isModule ? prefixSpecName(path, read) : read()).catch((error: unknown) => {
    throw error instanceof UsageError ? mistaken(error) : error;
  });
  const values = valuesOf(checked);
  return { path, values: withPaths(values, dirname(path)) };
}

function mistaken({ message, cause }: UsageError): UsageError {
  return new UsageError(message, {
    suggestion:
      'Correct it and run the command again, or leave it out with --no-config; nothing was created.',
    cause,
  });
}

/** Anyone can write a file into a folder above, such as /tmp: a config may run commands. */
async function expectOwn(path: string): Promise<void> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new UsageError(`${path}: Expected a config, got ${fileProblem(cause)}`, { cause });
  });
  const user = process.getuid?.();
  if (user !== undefined && stats.uid !== user && stats.uid !== 0) {
    throw new UsageError(`${path} belongs to another user, so it is not read.`, {
      suggestion: 'Take it over if you trust it, or leave it out with --no-config.',
    });
  }
  for (const name of configNames) {
    if (name === basename(path)) continue;
    const isThere = await stat(join(dirname(path), name)).then(
      () => true,
      () => false,
    );
    if (isThere) {
      throw new UsageError(`${dirname(path)} has two configs: ${basename(path)} and ${name}.`, {
        suggestion: 'Keep one of them.',
      });
    }
  }
}

async function defaultOf(path: string): Promise<object> {
  const loaded = await importModule(path);
  const { default: content } = loaded;
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
  throw new UsageError(`${path}: Expected a default export with keys and values, got ${kindOf(content)}`, {
    suggestion: 'Write export default { concurrency: 20 };',
  });
}

function kindOf(content: unknown): string {
  return content === undefined ? 'none' : Array.isArray(content) ? 'a list' : `a ${typeof content}`;
}

async function importModule(path: string): Promise<{ readonly default?: unknown }> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code.endsWith('UNKNOWN_FILE_EXTENSION')) {
      throw new UsageError(`${path}: Node ${process.versions.node} cannot load TypeScript.`, {
        suggestion: 'Use Node 22.18 or later, or write the config as rxposure.config.yaml.',
        cause,
      });
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${path}: Expected a module that can be loaded, got ${reason}`, {
      suggestion: 'Use TypeScript whose types can be removed: no enums, no namespaces.',
      cause,
    });
  }
}

function expectNoToken(path: string, text: string): void {
  if (!TOKEN.test(text) && !TOKEN_KEY.test(text)) return;
  throw new UsageError(`${path} has a token, which is not read from files.`, {
    suggestion:
      'Remove it, and set REPLICATE_API_TOKEN in the environment. Renew it if others have the file.',
  });
}

/** Makes the paths of a config's files absolute. */
function withPaths({ cache, c2paCert, c2paKey, ...values }: ConfigValues, base: string): ConfigValues {
  const given = Object.entries({ cache, c2paCert, c2paKey });
  const paths = given.flatMap(([name, path]) => (path == null ? [] : [[name, resolve(base, path)]]));
  return { ...values, ...Object.fromEntries(paths) };
}
