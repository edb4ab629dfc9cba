import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { nearestName } from '../../../base/suggest.ts';
import { hasSystemCode, toStorageError } from '../../../disk/storageError.ts';
import { UsageError } from '../../../errors.ts';
import { commandLine, shellWord } from '../../display/commandLine.ts';
import type { ScriptIo } from '../../display/terminal.ts';
import type { RunCommand } from '../../flags/commandTable.ts';
import { plainCommand } from '../../flags/plainCommand.ts';
import { exitCodes } from '../../script/exit.ts';
import { type Maker, makers } from '../makers.ts';
import { askInit, defaultName, type InitAnswers, isName, NAME } from './askInit.ts';
import { templates } from './templates.ts';

interface Options {
  readonly name?: string;
  readonly prompt?: string;
  readonly yes?: boolean;
}

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand<Options>({
  name: 'init',
  describe: (command) =>
    command
      .argument('[WORKFLOW]', `one of ${Object.keys(makers).join(', ')}`)
      .option('--prompt <text>', 'subject of the images')
      .option('--name <name>', 'name of the file and of the folder of its images')
      .option('--yes', 'ask nothing; take examples for missing answers'),
  words: Object.keys(makers),
  examples: ['', 'campaign', "generate --prompt 'a red fox in the snow' --name fox"],
  run: ([workflow], { prompt, name, yes = false }, io) => {
    const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
    const ask = isTerminal && !yes ? askInit : async (known: InitAnswers) => known;
    return init({ workflow: workflowNamed(workflow), subject: prompt, name }, io, ask);
  },
});

function workflowNamed(text: string | undefined): Maker | undefined {
  if (text === undefined || Object.hasOwn(makers, text)) return text as Maker | undefined;
  const meant = nearestName(text, Object.keys(makers));
  throw new UsageError(`Expected a workflow, one of ${Object.keys(makers).join(', ')}, got \`${text}\``, {
    ...(meant === null ? {} : { suggestion: `Did you mean ${meant}?` }),
  });
}

/**
 * Writes the file of a workflow into the working directory, with pictures that it names, and prints
 * the commands to run it: first on the simulator. Replaces no file. Resolves with the exit code.
 *
 * Rejects with `UsageError` if the name is none, there is such a file, or it cannot be written.
 */
export async function init(
  known: InitAnswers,
  { stdout }: Pick<ScriptIo, 'stdout'>,
  ask: (known: InitAnswers) => Promise<InitAnswers | null>,
  folder = process.cwd(),
): Promise<number> {
  const answers = await ask(known);
  if (answers === null) {
    stdout.write('Nothing was written.\n');
    return exitCodes.interrupted.code;
  }
  const { workflow = 'generate' } = answers;
  const template = templates[workflow];
  const { subject = template.subject, name = defaultName(workflow) } = answers;
  if (!isName(name)) throw new UsageError(`Expected \`--name\` to be a name, got '${name}'. ${NAME}.`);
  const file = `${name}.yaml`;
  const head =
    workflow === 'generate' ? '' : `# yaml-language-server: $schema=${schemaOf(workflow, folder)}\n`;
  const text = template.text({ name, subject: subject.trim() || template.subject });
  const path = join(folder, `${name}.yaml`);
  await writeFile(path, head + text, { flag: 'wx' }).catch((cause: unknown) => {
    if (!hasSystemCode(cause, 'EEXIST')) throw notWritten(path, cause);
    throw new UsageError(`${file} is there already.`, {
      suggestion: 'Give another name with --name.',
      cause,
    });
  });
  const pictures = await copyPictures(template.pictures, folder).catch((cause: unknown) => {
    throw notWritten(join(folder, 'images'), cause);
  });
  stdout.write(`${nextLines(workflow, file, pictures).join('\n')}\n`);
  return exitCodes.allSaved.code;
}

function notWritten(path: string, cause: unknown): UsageError {
  const { message } = toStorageError(cause, path);
  return new UsageError(message, {
    suggestion: 'Run init in a folder that you may write to, on a disk with room.',
    cause,
  });
}

/** Returns the folder of the package, with its examples and schemas. */
function packageFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('rxposure/package.json'));
}

function schemaOf(workflow: Maker, folder: string): string {
  const path = relative(folder, join(packageFolder(), 'schemas', `${workflow}.json`)).replaceAll('\\', '/');
  // Elsewhere, as in npx's own folder, the package may be gone tomorrow.
  const isBelow = path.startsWith('node_modules/') || path.startsWith('schemas/');
  return isBelow
    ? `./${path}`
    : `https://raw.githubusercontent.com/rxposure/rxposure/main/schemas/${workflow}.json`;
}

/** Copies pictures of the examples that are not there yet. Resolves with their paths. */
async function copyPictures(names: readonly string[], folder: string): Promise<string[]> {
  if (names.length > 0) await mkdir(join(folder, 'images'), { recursive: true });
  const paths: string[] = [];
  for (const picture of names) {
    const path = join(folder, `images/${picture}`);
    paths.push(path);
    if (!existsSync(path)) await copyFile(join(packageFolder(), `examples/images/${picture}`), path);
  }
  return paths;
}

function nextLines(workflow: Maker, file: string, pictures: readonly string[]): string[] {
  const line = (words: string) => `  ${commandLine(workflow, `${shellWord(file)}${words}`)}`;
  const beside = pictures.length === 0 ? '' : `, with example pictures in images/: put yours in their place`;
  return [
    `Wrote ${file}${beside}.`,
    ...['', 'Try it on the simulator, without an account and at no cost:', line(' --simulate --open')],
    ...['', 'Check the cost, then make it, with a token in REPLICATE_API_TOKEN:'],
    ...[line(' --dry-run'), line(' --budget 1')],
  ];
}
