import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileProblem } from '../../disk/storageError.ts';
import { UsageError } from '../../errors.ts';
import type { Workflow } from '../../pipelines/workflows/specSchemas.ts';
import { folderState } from '../../store/runFile.ts';
import { commandLine, shellWord } from '../display/commandLine.ts';
import { type CommandName, commandTable, isCommand } from '../flags/commandTable.ts';
import { runFolderAt } from './runFolder.ts';

/** A path, or a name with an ending. */
export function isFileName(word: string): boolean {
  return /[/\\]|\.\w{1,5}$/.test(word);
}

/** The kind of a path, and the command that takes it. */
interface Found {
  /** Follows `got`: `a campaign spec`. */
  readonly what: string;
  readonly command: CommandName;
  /** The spec commands that take as many of its keys as `command` does. */
  readonly equals?: readonly string[];
}

const specNames: Readonly<Record<Workflow, string>> = {
  campaign: 'a campaign spec',
  grid: 'a grid spec',
  variations: 'a spec of variations',
  compose: 'a spec of compositions',
  compare: 'a comparison spec',
  styles: 'a spec of styles',
  refine: 'a refinement spec',
};

const RUN_FOLDER = 'the folder of a run';
const promptEndings = /\.(?:txt|csv|tsv|jsonl|ndjson|xlsx)(?:\.gz)?$/i;
/** Largest spec that is read. */
const MOST_BYTES = 1024 * 1024;

async function find(path: string): Promise<Found | null> {
  const stats = await stat(path).catch(() => null);
  if (stats === null) return null;
  if (stats.isDirectory()) {
    const isRun = (await folderState(path).catch(() => null)) === 'run';
    return isRun ? { what: RUN_FOLDER, command: 'retry' } : null;
  }
  if (!stats.isFile()) return null;
  if (promptEndings.test(path)) return { what: 'a prompt file', command: 'generate' };
  const isSpec = ['.yaml', '.yml', '.json'].includes(extname(path).toLowerCase());
  return isSpec && stats.size <= MOST_BYTES ? specAt(path) : null;
}

async function specAt(path: string): Promise<Found | null> {
  const { parseYaml, readYaml } = await import('../../sources/promptFiles/yaml/parseYaml.ts');
  const { countOwn, workflowOf } = await import('../../pipelines/workflows/specSchemas.ts');
  const read = readYaml(parseYaml(await readFile(path, 'utf8')));
  if (!('value' in read) || typeof read.value !== 'object' || read.value === null) return null;
  if (Array.isArray(read.value)) return { what: 'a list of prompts', command: 'generate' };
  const keys = Object.keys(read.value);
  const workflow = workflowOf(keys);
  // It may be a prompt that lacks the list around it: a grid has axes.
  if (workflow === 'grid' && extname(path).toLowerCase() === '.json' && !keys.includes('axes')) return null;
  if (workflow === null) return null;
  const most = countOwn(workflow, keys);
  const equals = Object.keys(specNames).filter((name) => countOwn(name as Workflow, keys) >= most);
  return { what: specNames[workflow], command: workflow, equals };
}

/** Returns the command that takes a file or a run folder; null if none does. */
export async function commandFor(path: string): Promise<CommandName | null> {
  return (await find(path))?.command ?? null;
}

/** Returns the command line for a file that was given alone; null if no command takes it. */
export async function wordsFor(path: string): Promise<string | null> {
  const found = await find(path);
  return found === null ? null : commandLine(found.command, shellWord(path));
}

/**
 * Returns an error that names the right command, if the command called `name` was given a file or a
 * folder of another's, with the words that were typed; else the error as it is.
 */
export async function withRightCommand(
  error: unknown,
  name: string,
  { inputs: [path], argv }: { readonly inputs: readonly string[]; readonly argv: readonly string[] },
): Promise<unknown> {
  if (!(error instanceof UsageError) || path === undefined || path === '-') return error;
  const found = await find(path).catch(() => null);
  const wanted = wantedBy(name);
  if (found === null || found.command === name || wanted === null) return error;
  // It may be a spec of this command that lacks a key.
  if (found.equals?.includes(name)) return error;
  // Several commands take a run folder.
  if (wanted === RUN_FOLDER && found.what === RUN_FOLDER) return error;
  const words = argv.map(shellWord).join(' ');
  return new UsageError(`${path}: Expected ${wanted}, got ${found.what}`, {
    suggestion: `Did you mean \`${commandLine(found.command, words)}\`?`,
    cause: error,
  });
}

/**
 * Checks that the path of a command is there, before a token is asked for. Rejects with
 * `UsageError` if it is not.
 */
export async function expectPath(name: string, path: string | undefined): Promise<void> {
  const wanted = wantedBy(name);
  if (path === undefined || path === '-' || wanted === null) return;
  if (wanted === RUN_FOLDER) {
    await runFolderAt(path);
    return;
  }
  await stat(path).catch((cause: unknown) => {
    const isOfPrompts = name === 'generate';
    const got = fileProblem(cause, 'no file of that name');
    throw new UsageError(`${path}: Expected ${isOfPrompts ? 'a prompt file' : wanted}, got ${got}`, {
      suggestion: isOfPrompts
        ? 'Check the name, or pass - to read prompts from standard input.'
        : 'Check the name.',
      cause,
    });
  });
}

function wantedBy(name: string): string | null {
  if (name === 'generate') return 'prompts';
  if (isCommand(name) && commandTable[name].takes.startsWith('FOLDER')) return RUN_FOLDER;
  return Object.hasOwn(specNames, name) ? specNames[name as Workflow] : null;
}
