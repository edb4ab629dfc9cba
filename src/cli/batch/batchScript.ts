import { inWords, messageOf, toMicroUsd } from '../../base/text.ts';
import { runDefaults } from '../../pipelines/run/settings.ts';
import { secretsIn } from '../../providers/replicate/credentials.ts';
import type { BatchSpec } from '../../sources/specs/batchSpec.ts';
import { cacheFolder } from '../../store/cacheFolder.ts';
import type { ScriptIo } from '../display/terminal.ts';
import type { createCommand } from '../flags/command.ts';
import type { RunCommand } from '../flags/commandTable.ts';
import type { TypedFlag } from '../flags/defineFlag.ts';
import { type FlagName, type Flags, type SettledFlags, withDefaults } from '../flags/flags.ts';
import type { GivenPrice } from '../flags/prices.ts';
import { createWarn, keepMemorySmall, readEnvironment, type Warn } from '../script/environment.ts';
import { findConfig } from '../script/findConfig.ts';
import { fittingError } from '../script/fittingHint.ts';
import { runScript } from '../script/runScript.ts';
import { expectPath, withRightCommand } from './rightCommand.ts';
import type { Batch } from './runBatch.ts';
import type { OpenService } from './service.ts';

/** The context of a script that makes images. */
export interface BatchScriptContext {
  readonly inputs: readonly string[];
  readonly flags: Flags;
  readonly service: OpenService;
  readonly io: ScriptIo;
  readonly warn: Warn;
  /** Wraps the run of the command, such as to end it early. Default: the run as it is. */
  readonly around?: Batch['around'];
}

/** Runs a script that makes images: reads the command line, opens and closes the service. */
function runBatchScript(
  command: ReturnType<typeof createCommand>,
  main: (context: BatchScriptContext) => Promise<number>,
  argv: readonly string[],
): Promise<void> {
  return runScript(async (_argv, io) => {
    const parsed = command.parse(argv);
    if (parsed.kind === 'text') {
      io.stdout.write(parsed.text);
      return 0;
    }
    const { inputs } = parsed;
    const flags = await configured(parsed, command.serves);
    if (!flags.dryRun) keepMemorySmall();
    const warn = createWarn(flags, io);
    const environment = readEnvironment(io.env);
    // Loaded only here: `--help` needs neither a service nor the modules of a run.
    const { useProxies } = await import('../script/proxies.ts');
    const { chooseService, openService } = await import('./service.ts');
    useProxies(io.env, warn, { baseUrl: flags.baseUrl ?? environment.baseUrl });
    let service: OpenService | null = null;
    try {
      await expectPath(command.name, inputs[0]);
      const choice = command.needsService
        ? chooseService(flags, environment, command.serves('simulate'))
        : ({ kind: 'none' } as const);
      service = await openService(choice, {
        cacheFolder: cacheFolder(io.env),
        refreshModels: flags.refreshModels,
        secrets: secretsIn(io.env),
        warn,
      });
      const patient =
        flags.maxWaitMs === null || flags.dryRun ? service : await waiting(service, flags.maxWaitMs, warn);
      return await main({ inputs, flags, service: patient, io, warn });
    } catch (error) {
      const fitting = fittingError(error, { hasOut: command.serves('out') });
      throw await withRightCommand(fitting, command.name, { inputs, argv });
    } finally {
      await service?.close();
    }
  });
}

/**
 * Lets the first questions wait for a service that does not respond. Without `--max-wait` they give
 * up after some seconds: a person waits, and nothing has begun.
 */
async function waiting(service: OpenService, maxOutageMs: number, warn: Warn): Promise<OpenService> {
  const { provider } = service;
  const { watchService } = await import('../../operators/predictions/watchService.ts');
  const onChange = (error: unknown) => {
    if (error === null) return;
    warn(`${messageOf(error)}. Waiting for the service, ${inWords(maxOutageMs)} at most; Ctrl-C ends it.`);
  };
  const { getModel } = watchService(provider, { maxOutageMs, onChange }).provider;
  return { ...service, provider: { ...provider, getModel } };
}

/** Creates a command that makes images, from its command line and its main function. */
export function batchCommand(
  command: ReturnType<typeof createCommand>,
  main: (context: BatchScriptContext) => Promise<number>,
): RunCommand {
  const run = (argv: readonly string[]) => runBatchScript(command, main, argv);
  const check = (argv: readonly string[]) => {
    command.parse(argv);
  };
  return Object.assign(run, { options: command.options, check });
}

/** Adds the defaults of the config that counts in the working directory. */
async function configured(
  { flags: own, typed }: { readonly flags: Flags; readonly typed: readonly TypedFlag[] },
  serves: (flag: FlagName) => boolean,
): Promise<Flags> {
  const flags = { ...own, typed };
  const path = flags.readsConfig && serves('no-config') ? findConfig(process.cwd()) : null;
  if (path === null) return flags;
  // Loaded only on demand: most folders have none.
  const { readConfig } = await import('../config/readConfig.ts');
  const { withConfig } = await import('../config/withConfig.ts');
  return withConfig({ flags, typed }, await readConfig(path), serves);
}

/** Fills in flags that were not given: first from the spec, then from the defaults. */
export function withSpec(
  flags: Flags,
  { budgetUsd, priceUsd, count, seed, organize }: BatchSpec,
  { speed }: OpenService,
): SettledFlags {
  return withDefaults(
    {
      ...flags,
      budgetMicroUsd: flags.budgetMicroUsd ?? microUsd(budgetUsd),
      prices: [...specPrice(priceUsd), ...flags.prices],
    },
    { seed, count, organize, ratePerMinute: runDefaults.ratePerMinute * speed },
  );
}

/** The price of a spec, over which those of flags come. */
function specPrice(priceUsd: number | null): GivenPrice[] {
  return priceUsd === null ? [] : [{ model: null, microUsd: toMicroUsd(priceUsd) }];
}

function microUsd(usd: number | null): number | null {
  return usd === null ? null : toMicroUsd(usd);
}
