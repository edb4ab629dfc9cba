import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { encoderConcurrency } from '../../base/pictures.ts';
import { isSecret, REDACTED } from '../../base/secrets.ts';
import { UsageError } from '../../errors.ts';
import { jsonLine } from '../../events/listeners.ts';
import { imageBudgetBytes } from '../../images/imageMemory.ts';
import { readServiceEnvironment, type ServiceEnvironment } from '../../providers/replicate/credentials.ts';
import { createPaint, type ScriptIo } from '../display/terminal.ts';
import { plainText } from '../display/text.ts';

/** The settings from environment variables. */
export interface Environment extends ServiceEnvironment {
  /** True if `NO_COLOR` is set and not empty: https://no-color.org */
  readonly noColor: boolean;
}

/** Reads the environment. Throws `UsageError` if a value is invalid, without quoting the token. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  // Read when the first image is decoded; a wrong value is reported before anything is paid.
  imageBudgetBytes({ setting: env.RXPOSURE_IMAGE_MB });
  return { ...readServiceEnvironment(env), noColor: (env.NO_COLOR ?? '') !== '' };
}

/** The variable that `--queue` reads if it has no address. */
const QUEUE_VARIABLE = 'RXPOSURE_QUEUE';

/** Returns the address of the database that `--queue` names, or else the environment. */
export function queueUrl(
  queue: string | true | null | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const url = typeof queue === 'string' && queue !== QUEUE_VARIABLE ? queue : env[QUEUE_VARIABLE];
  if (url !== undefined && url !== '') return url;
  throw new UsageError('`--queue` needs the address of a PostgreSQL.', {
    suggestion: `Give it, as in --queue=postgres://USER@HOST/DATABASE, or set ${QUEUE_VARIABLE}.`,
  });
}

/** Prints a warning before a run starts; during the run its reporter does. */
export type Warn = (message: string) => void;

/** Creates a `Warn` that emits events under `--json`, nothing under `--quiet`, else lines. */
export function createWarn(
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
  io: ScriptIo,
): Warn {
  const { token, noColor } = readEnvironment(io.env);
  const clean = (text: string): string => redact(text, token);
  const paint = createPaint(io.stderr.isTTY === true && !noColor);
  return (message) => {
    if (json) io.stdout.write(jsonLine({ type: 'warning', message }, clean));
    else if (!quiet) io.stderr.write(`${paint('yellow', 'warning')} ${clean(plainText(message))}\n`);
  };
}

/** Replaces the API token, and anything that looks like a Replicate token, by `[token]`. */
export function redact(text: string, token: string | null): string {
  const withoutOurs = token !== null && isSecret(token) ? text.replaceAll(token, REDACTED) : text;
  return withoutOurs.replace(/\br8_\w{8,}/g, REDACTED);
}

interface IdleCoresConfig {
  /** Default: the cores that the process may use. */
  cores?: number;
  /** Images encoded at a time. Default: `encoderConcurrency()`. */
  encoders?: number;
}

/** Returns how to use all cores for renditions; null if all of them are in use. */
export function idleCoresHint(config: IdleCoresConfig = {}): string | null {
  const { cores = availableParallelism(), encoders = encoderConcurrency() } = config;
  if (encoders >= cores) return null;
  return `Renditions use only ${encoders} of ${cores} cores, because Node's thread pool is small. Set UV_THREADPOOL_SIZE=${cores + 4} in the environment to use them all.`;
}

/**
 * Limits the heap's young generation to 4 MB instead of up to 32, and lets the old one grow by two
 * fifths before a collection instead of several times over. A batch makes much garbage that dies at
 * once; with the defaults the process grows by more than 200 MB of it. Measured over 5,000 tiny
 * images: 215 MB instead of 325 with the second setting, for a tenth more CPU and no more time.
 */
export function keepMemorySmall(): void {
  setFlagsFromString('--max-semi-space-size=4');
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=40');
}
