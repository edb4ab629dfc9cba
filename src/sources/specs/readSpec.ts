import { readFile, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import type { Node } from 'yaml';
import type { z } from 'zod';
import { nestingFault } from '../../base/nesting.ts';
import { describeSpecIssue, type SpecProblem } from '../../base/suggest.ts';
import { fileProblem } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import { readableOverlays } from '../../renditions/overlays.ts';
import type { RenditionSpec } from '../../types.ts';
import { type AllowFilesConfig, expectAllowed } from '../modelInputs/allowedFiles.ts';
import type { ParsedYaml } from '../promptFiles/yaml/parseYaml.ts';

interface ReadSpecConfig {
  /** The kind of spec, for messages: `campaign spec`. */
  what: string;
}

const maxBytes = 1024 * 1024;
const missing = 'no file of that name';

/**
 * Reads a spec of any shape: from a YAML or JSON file, or from an object with the same fields.
 *
 * Rejects with one `UsageError` that lists all mistakes, each with its line if there is a file, its
 * path in the spec and, for an unknown name, the nearest known one.
 */
export async function readSpec<T>(
  source: string | object,
  schema: z.ZodType<T>,
  { what }: ReadSpecConfig,
): Promise<T> {
  if (typeof source === 'string') return readSpecFile(source, schema, { what });
  const found = `in the ${what}`;
  const fault = nestingFault(source);
  if (fault !== null) throw listed(found, [`Expected ${fault}`]);
  const read = checkSpec(source, schema);
  if ('problems' in read)
    throw listed(
      found,
      read.problems.map((one) => `${nameOf(one)}: ${one.message}`),
    );
  return read.spec;
}

/** Checks a value by the schema of a spec. */
function checkSpec<T>(
  value: unknown,
  schema: z.ZodType<T>,
): { readonly spec: T } | { readonly problems: readonly SpecProblem[] } {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { spec: result.data };
  return { problems: result.error.issues.flatMap((issue) => describeSpecIssue(issue, schema)) };
}

async function readSpecFile<T>(path: string, schema: z.ZodType<T>, { what }: ReadSpecConfig): Promise<T> {
  if (!['.yaml', '.yml', '.json'].includes(extname(path).toLowerCase())) {
    throw new UsageError(`${path}: Expected a ${what} in a .yaml, .yml or .json file`);
  }
  const { parseYaml, readYaml } = await import('../promptFiles/yaml/parseYaml.ts');
  const parsed = parseYaml(await readText(path, what));
  const { faults } = parsed;
  const refused = (lines: readonly string[]) => listed(`in this ${what}`, lines, path);
  if (faults.length > 0) throw refused(faults.map(({ line, message }) => `line ${line}: ${message}`));
  const value = readYaml(parsed);
  if ('fault' in value) throw refused([`line ${value.fault.line}: ${value.fault.message}`]);
  const fault = nestingFault(value.value);
  if (fault !== null) throw refused([`${nestedLine(value.value, parsed)}Expected ${fault}`]);
  const read = checkSpec(value.value, schema);
  if ('spec' in read) return read.spec;
  throw refused(
    read.problems.map((problem) => `${lineOf(problem, parsed)}${nameOf(problem)}: ${problem.message}`),
  );
}

async function readText(path: string, what: string): Promise<string> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new UsageError(`${path}: Expected a ${what}, got ${fileProblem(cause, missing)}`, { cause });
  });
  if (!stats.isFile()) throw new UsageError(`${path}: Expected a ${what}, got something that is not a file`);
  if (stats.size > maxBytes)
    throw new UsageError(`${path}: Expected a ${what} of at most 1 MB, got a larger file`);
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${path}: Expected a readable ${what}, got ${fileProblem(cause, missing)}`, {
      cause,
    });
  });
}

function listed(where: string, faults: readonly string[], path: string | null = null): UsageError {
  const found = faults.length === 1 ? '1 mistake' : `${faults.length} mistakes`;
  const lines = faults.map((fault) => `  ${fault}`).join('\n');
  if (path === null) {
    return new UsageError(`${found} ${where}:\n${lines}`, { suggestion: 'Nothing was created.' });
  }
  return new UsageError(`${path}: ${found} ${where}:\n${lines}`, {
    suggestion: 'Correct the spec and run the command again; nothing was created.',
  });
}

/** Returns the line of the value, or of the nearest parent that the file has. */
function lineOf({ path }: SpecProblem, { document, lineAt }: ParsedYaml): string {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true) as Partial<Node> | null | undefined;
    const offset = node?.range?.[0];
    if (offset !== undefined) return `line ${lineAt(offset)}: `;
  }
  return '';
}

/** Returns line and name of the first key whose value is nested too deeply, or expands too far. */
function nestedLine(value: unknown, parsed: ParsedYaml): string {
  const found = Object.entries(value ?? {}).find(([, part]) => nestingFault(part) !== null);
  const problem = { path: found === undefined ? [] : [found[0]], message: '' };
  return `${lineOf(problem, parsed)}${nameOf(problem)}: `;
}

/** Formats a path as in code: `platforms[1].width`. */
function nameOf({ path }: SpecProblem): string {
  const name = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return name.replace(/^\./, '') || 'the spec';
}

/** The lists of renditions that a spec may have. */
interface WithRenditions {
  readonly renditions: readonly RenditionSpec[];
  readonly platforms?: readonly RenditionSpec[];
}

/** Files that a spec may name besides those in its own folder and below: `allowFiles`. */
export type SpecFilesConfig = Pick<AllowFilesConfig, 'allowFiles'>;

/** Returns the folder in which the relative paths of a spec begin. */
export function specFolder(source: string | object): string {
  return typeof source === 'string' ? dirname(source) : process.cwd();
}

/**
 * Runs `read`, and puts the path of the spec, if it is a file, before the message of a
 * `UsageError`.
 */
export async function prefixSpecName<T>(source: string | object, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UsageError) || typeof source !== 'string') throw error;
    throw new UsageError(`${source}: ${error.message}`, { suggestion: error.suggestion, cause: error });
  }
}

/**
 * Reads the spec of a batch from a YAML or JSON file, or from an object with the same fields.
 * Resolves the overlays of its renditions from the file's folder, or from the working directory,
 * and checks that they may be named and are images. Rejects with `UsageError` as `readSpec` and
 * `readableOverlays` do.
 */
export async function readBatchSpec<T extends WithRenditions>(
  source: string | object,
  schema: z.ZodType<T>,
  { allowFiles = [], ...config }: ReadSpecConfig & SpecFilesConfig,
): Promise<T> {
  const spec = await readSpec(source, schema, config);
  const folder = specFolder(source);
  const withOverlays = (specs: readonly RenditionSpec[]) =>
    prefixSpecName(source, () => {
      for (const { overlay } of specs) {
        if (overlay !== undefined) expectAllowed(resolve(folder, overlay.file), { folder, allowFiles });
      }
      return readableOverlays(specs, folder);
    });
  const renditions = await withOverlays(spec.renditions);
  if (spec.platforms === undefined) return { ...spec, renditions };
  return { ...spec, renditions, platforms: await withOverlays(spec.platforms) };
}
