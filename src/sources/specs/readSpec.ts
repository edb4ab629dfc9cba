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
 * Reads a spec of any shape from a YAML or JSON file.
 *
 * Rejects with one `UsageError` that lists all mistakes, each with its line, its path in the spec
 * and, for an unknown name, the nearest known one.
 */
export async function readSpec<T>(path: string, schema: z.ZodType<T>, { what }: ReadSpecConfig): Promise<T> {
  if (!['.yaml', '.yml', '.json'].includes(extname(path).toLowerCase())) {
    throw new UsageError(`${path}: Expected a ${what} in a .yaml, .yml or .json file`);
  }
  const { parseYaml, readYaml } = await import('../promptFiles/yaml/parseYaml.ts');
  const parsed = parseYaml(await readText(path, what));
  const { faults } = parsed;
  if (faults.length > 0) {
    throw listed(
      path,
      what,
      faults.map(({ line, message }) => `line ${line}: ${message}`),
    );
  }
  const read = readYaml(parsed);
  if ('fault' in read) throw listed(path, what, [`line ${read.fault.line}: ${read.fault.message}`]);
  const fault = nestingFault(read.value);
  if (fault !== null) throw listed(path, what, [`${nestedLine(read.value, parsed)}Expected ${fault}`]);
  const result = schema.safeParse(read.value, { reportInput: true });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => describeSpecIssue(issue, schema));
  throw listed(
    path,
    what,
    problems.map((problem) => `${lineOf(problem, parsed)}${nameOf(problem)}: ${problem.message}`),
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

function listed(path: string, what: string, faults: readonly string[]): UsageError {
  const found = faults.length === 1 ? '1 mistake' : `${faults.length} mistakes`;
  return new UsageError(
    `${path}: ${found} in this ${what}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    {
      suggestion: 'Correct the spec and run the command again; nothing was created.',
    },
  );
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

/**
 * Reads the spec of a batch from a YAML or JSON file. Resolves the overlays of its renditions from
 * the file's folder, and checks that they may be named and are images. Rejects with `UsageError` as
 * `readSpec` and `readableOverlays` do.
 */
export async function readBatchSpec<T extends WithRenditions>(
  path: string,
  schema: z.ZodType<T>,
  { allowFiles = [], ...config }: ReadSpecConfig & SpecFilesConfig,
): Promise<T> {
  const spec = await readSpec(path, schema, config);
  const folder = dirname(path);
  const withOverlays = async (specs: readonly RenditionSpec[]) => {
    try {
      for (const { overlay } of specs) {
        if (overlay !== undefined) expectAllowed(resolve(folder, overlay.file), { folder, allowFiles });
      }
      return await readableOverlays(specs, folder);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${path}: ${error.message}`, { suggestion: error.suggestion, cause: error });
    }
  };
  const renditions = await withOverlays(spec.renditions);
  if (spec.platforms === undefined) return { ...spec, renditions };
  return { ...spec, renditions, platforms: await withOverlays(spec.platforms) };
}
