import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { UsageError } from '../errors.ts';
import { describeSpecIssue, type SpecProblem } from './describeSpecIssue.ts';

export interface ReadSpecConfig {
  /** What the file is, for messages: `campaign spec`. */
  what: string;
}

const maxBytes = 1024 * 1024;

/**
 * Reads a spec of any shape from a YAML or JSON file.
 *
 * Rejects with one `UsageError` that lists all that is wrong in it, each with its line, its place in the spec and, for a
 * name that is not known, the nearest that is.
 */
export async function readSpec<T>(path: string, schema: z.ZodType<T>, { what }: ReadSpecConfig): Promise<T> {
  if (!['.yaml', '.yml', '.json'].includes(extname(path).toLowerCase())) {
    throw new UsageError(`${path}: Expected a ${what} named .yaml, .yml or .json`);
  }
  const lineCounter = new LineCounter();
  // JSON is YAML, so both have line numbers.
  const document = parseDocument(await readText(path, what), { lineCounter, prettyErrors: false });
  if (document.errors.length > 0) {
    const faults = document.errors.map(
      ({ pos, message }) => `line ${lineCounter.linePos(pos[0]).line}: ${message}`,
    );
    throw listed(path, what, faults);
  }
  const result = schema.safeParse(document.toJS(), { reportInput: true });
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap((issue) => describeSpecIssue(issue, schema));
  throw listed(
    path,
    what,
    problems.map(
      (problem) => `${lineOf(problem, document, lineCounter)}${nameOf(problem)}: ${problem.message}`,
    ),
  );
}

async function readText(path: string, what: string): Promise<string> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new UsageError(`${path}: Expected a ${what}, got ${reasonOf(cause)}`, { cause });
  });
  if (!stats.isFile()) throw new UsageError(`${path}: Expected a ${what}, got something that is not a file`);
  if (stats.size > maxBytes)
    throw new UsageError(`${path}: Expected a ${what} of at most 1 MB, got a larger file`);
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`${path}: Expected a readable ${what}, got ${reasonOf(cause)}`, { cause });
  });
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return code === 'ENOENT' ? 'no file of that name' : code;
}

function listed(path: string, what: string, faults: readonly string[]): UsageError {
  const count = faults.length === 1 ? '1 mistake' : `${faults.length} mistakes`;
  return new UsageError(
    `${path}: Expected a ${what}, got ${count}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    {
      suggestion: 'Correct the spec and run the command again; nothing was created.',
    },
  );
}

/** The line of the value, or of what it should be in. */
function lineOf({ path }: SpecProblem, document: Document, lineCounter: LineCounter): string {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const node: unknown = document.getIn(path.slice(0, depth), true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    if (offset !== undefined) return `line ${lineCounter.linePos(offset).line}: `;
  }
  return '';
}

/** `platforms[1].width`, as one would write it. */
function nameOf({ path }: SpecProblem): string {
  const name = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return name.replace(/^\./, '') || 'the spec';
}
