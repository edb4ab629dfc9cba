import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The result of one example. */
export interface ExampleRun {
  /** The command that its file names: `pipelines/grid.ts examples/teapots.yaml --simulate=5`. */
  readonly command: string;
  /** The run folder. */
  readonly folder: string;
  readonly exitCode: number;
  readonly elapsedMs: number;
  readonly stderr: string;
}

export interface RunExamplesConfig {
  /** Parent of the run folders. */
  folder: string;
  /** Overrides the speed of the simulator: a factor of real time. Default: as in the commands. */
  speed?: number;
}

/** Longer than any example may take. */
const TIMEOUT_MS = 120_000;

/**
 * Runs the command that each example names in its first lines, one after the other, and yields the
 * results.
 */
export async function* runExamples({ folder, speed }: RunExamplesConfig): AsyncGenerator<ExampleRun> {
  for (const command of await commands()) {
    const words = command
      .split(' ')
      .map((word) => (speed === undefined ? word : word.replace(/^--simulate.*/, `--simulate=${speed}`)));
    const [, name = ''] = /(?:examples\/|pipelines\/)([\w-]+)\.\w+(?: --|$)/.exec(command) ?? [];
    const out = join(folder, `${name}-simulated`);
    yield await run(command, [...words, '--out', out], out);
  }
}

/** A file of prompts cannot name its command, as it has no comments. */
const withoutSpec = ['pipelines/generate.ts examples/prompts.jsonl --simulate=5'];

async function commands(): Promise<string[]> {
  const names = (await readdir('examples')).filter((name) => name.endsWith('.yaml')).sort();
  const specs = await Promise.all(names.map((name) => readFile(join('examples', name), 'utf8')));
  const found = specs.map((text, index) => {
    const [, command] = /^#\s+npx tsx (pipelines\/.*--simulate.*)$/m.exec(text) ?? [];
    if (command === undefined)
      throw new Error(`Expected a command in the first lines of examples/${names[index]}, got none`);
    return command;
  });
  return [...withoutSpec, ...found];
}

function run(command: string, words: readonly string[], folder: string): Promise<ExampleRun> {
  const startedMs = performance.now();
  return new Promise((done) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', ...words],
      { env: { ...process.env, NO_COLOR: '1' }, timeout: TIMEOUT_MS },
      (error, _stdout, stderr) =>
        done({
          command,
          folder,
          exitCode: error === null ? 0 : Number(error.code ?? 1),
          elapsedMs: performance.now() - startedMs,
          stderr,
        }),
    );
  });
}
