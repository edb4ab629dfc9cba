import { cacheFolder } from './cacheFolder.ts';
import { chooseService } from './chooseService.ts';
import type { createCommand } from './createCommand.ts';
import { createWarn, type Warn } from './createWarn.ts';
import type { Flags } from './Flags.ts';
import { keepMemorySmall } from './keepMemorySmall.ts';
import { type OpenService, openService } from './openService.ts';
import { readEnvironment } from './readEnvironment.ts';
import { runScript } from './runScript.ts';
import type { ScriptIo } from './ScriptIo.ts';

/** What a script that makes pictures gets to work with. */
export interface BatchScriptContext {
  readonly inputs: readonly string[];
  readonly flags: Flags;
  readonly service: OpenService;
  readonly io: ScriptIo;
  readonly warn: Warn;
}

/** The frame of the scripts that make pictures: reads the command line, connects to the service, and closes it again. */
export function runBatchScript(
  command: ReturnType<typeof createCommand>,
  main: (context: BatchScriptContext) => Promise<number>,
): Promise<void> {
  keepMemorySmall();
  return runScript(async (argv, io) => {
    const parsed = command.parse(argv);
    if (parsed.kind === 'text') {
      io.stdout.write(parsed.text);
      return 0;
    }
    const { inputs, flags } = parsed;
    const warn = createWarn(flags, io);
    const service = await openService(chooseService(flags, readEnvironment(io.env)), {
      cacheFolder: cacheFolder(io.env),
      refreshModels: flags.refreshModels,
      warn,
    });
    try {
      return await main({ inputs, flags, service, io, warn });
    } finally {
      await service.close();
    }
  });
}
