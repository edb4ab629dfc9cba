import { Command, InvalidArgumentError, Option } from 'commander';
import { isSource } from '../../disk/ownProgram.ts';
import { packageVersion } from '../../disk/storageError.ts';
import { chaosProfile } from '../../simulator/chaos/chaosProfile.ts';
import { type ChaosProfileName, chaosProfiles } from '../../simulator/chaos/profiles.ts';
import { startSimulator } from '../../simulator/startSimulator.ts';
import { commandLine } from '../display/commandLine.ts';
import { chaosProfileLines } from '../flags/command.ts';
import { commonOptions, declaredOptions } from '../flags/commandOption.ts';
import { commandTable, type RunCommand } from '../flags/commandTable.ts';

interface Flags {
  readonly port: number;
  readonly filesPort: number;
  readonly speed: number;
  readonly slots: number;
  readonly seed: number;
  readonly render: 'full' | 'fast';
  readonly token?: string;
  readonly chaos?: ChaosProfileName;
  readonly cog: boolean;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

function aboveZero(text: string): number {
  const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

const port = wholeNumber(0, 65_535);

const examplePrompts = isSource ? 'examples/prompts.jsonl' : 'prompts.csv';

function describeCommand(): Command {
  return new Command(commandLine('simulator'))
    .description(commandTable.simulator.help)
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--port <n>', 'port of the API; 0: any free one', port, 8787)
    .option('--files-port <n>', 'port of the output files; 0: any free one', port, 0)
    .option('--speed <n>', 'times faster than real time', aboveZero, 1)
    .option('--slots <n>', 'predictions that run at the same time', wholeNumber(1, 1_000_000), 64)
    .option('--seed <n>', 'decides run times, cold starts and failures', wholeNumber(0, 2 ** 32 - 1), 1)
    .addOption(
      new Option(
        '--render <kind>',
        'full: an image of each prompt; fast: tiny ready-made images, for load tests',
      )
        .choices(['full', 'fast'])
        .default('full'),
    )
    .option('--token <text>', 'the only accepted token (default: a fixed one)')
    .addOption(
      new Option(
        '--chaos <profile>',
        'rehearse the faults of a profile listed below; see docs/chaos.md',
      ).choices(Object.keys(chaosProfiles)),
    )
    .option('--cog', 'speak the HTTP API of a Cog container instead: one model, no account', false)
    .addHelpText('after', ['', ...chaosProfileLines()].join('\n'))
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
}

/** Runs the command for the arguments after its name. */
export const run: RunCommand = Object.assign(simulator, {
  options: () => [...declaredOptions(describeCommand()), ...commonOptions],
});

async function simulator(argv: readonly string[]): Promise<void> {
  const flags = describeCommand()
    .parse([...argv], { from: 'user' })
    .opts<Flags>();
  try {
    const { text, close: end } = await (flags.cog ? serveCog(flags) : serveReplicate(flags));
    console.log(text);
    // One Ctrl-C arrives several times under npm and tsx, so a second one must not interrupt the
    // closing.
    let isClosing = false;
    const close = (): void => {
      if (!isClosing) void end();
      isClosing = true;
    };
    process.on('SIGINT', close).on('SIGTERM', close);
  } catch (error) {
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 2;
  }
}

interface Served {
  readonly text: string;
  close(): Promise<void>;
}

async function serveReplicate({ token, chaos, cog: _cog, ...flags }: Flags): Promise<Served> {
  const simulator = await startSimulator({
    ...flags,
    ...(token === undefined ? {} : { token }),
    ...(chaos === undefined ? {} : chaosProfile(chaos, flags)),
  });
  const text = `Simulated Replicate API at ${simulator.baseUrl} (files at ${simulator.filesUrl}). Ctrl-C ends it.

  export REPLICATE_BASE_URL=${simulator.baseUrl}
  export REPLICATE_API_TOKEN=${simulator.token}
  ${commandLine('generate', examplePrompts)}`;
  return { text, close: simulator.close };
}

async function serveCog({ token: _token, chaos: _chaos, cog: _cog, ...flags }: Flags): Promise<Served> {
  const { startCogSimulator } = await import('../../simulator/cog/startCogSimulator.ts');
  const { baseUrl, close } = await startCogSimulator(flags);
  const text = `Simulated Cog container at ${baseUrl}. Ctrl-C ends it.

  ${commandLine('generate', `${examplePrompts} --provider cog --base-url ${baseUrl}`)}`;
  return { text, close };
}
