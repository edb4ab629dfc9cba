import { InvalidArgumentError } from 'commander';
import {
  concatMap,
  defer,
  ignoreElements,
  lastValueFrom,
  merge,
  type Observable,
  of,
  takeUntil,
  tap,
} from 'rxjs';
import { messageOf } from '../../../base/text.ts';
import { jsonLine } from '../../../events/listeners.ts';
import { retryPolicies } from '../../../operators/internal/retryPolicies.ts';
import { retryBackoff } from '../../../operators/retryBackoff.ts';
import { secretsIn } from '../../../providers/replicate/credentials.ts';
import type { ReplicateProviderConfig } from '../../../providers/replicate/replicateProvider.ts';
import { createWebhookReceiver } from '../../../providers/replicate/webhookReceiver.ts';
import { fetchWebhookSecret } from '../../../providers/replicate/webhookSecret.ts';
import type { PredictionEvent } from '../../../types.ts';
import type { ScriptIo } from '../../display/terminal.ts';
import type { RunCommand } from '../../flags/commandTable.ts';
import { plainCommand } from '../../flags/plainCommand.ts';
import { createWarn, queueUrl, readEnvironment, redact } from '../../script/environment.ts';
import { interruption } from '../../script/interruption.ts';
import { useProxies } from '../../script/proxies.ts';

interface HooksFlags {
  readonly queue?: string | true;
  readonly port?: number;
  readonly host?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Runs the command for the arguments after its name. */
export const run: RunCommand = plainCommand<HooksFlags>({
  name: 'hooks',
  describe: (command) =>
    command
      .option('--queue [url]', 'the PostgreSQL that all machines share (default: RXPOSURE_QUEUE)')
      .option('--port <n>', 'port to listen on; 0: any free one (default: 8788)', portNumber)
      .option('--host <address>', 'address to listen on (default: 127.0.0.1, for a proxy on this machine)')
      .option('--json', 'write one JSON event a line to standard output, and nothing else')
      .option('--quiet', 'print nothing but errors'),
  examples: ['--queue', '--queue=postgres://rx_worker@db.internal/rxposure --host 0.0.0.0 --port 8788'],
  run: (_inputs, flags, io) => hooks(flags, io),
});

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
}

/** An event while the command listens. */
type HooksEvent =
  | { readonly type: 'hooks.listening'; readonly url: string }
  | { readonly type: 'webhook.stored'; readonly predictionId: string; readonly status: string };

/** Receives webhooks until a signal stops it. Resolves with the exit code. */
export async function hooks(flags: HooksFlags, io: ScriptIo): Promise<number> {
  const { json = false, quiet = false, port = 8_788, host = '127.0.0.1' } = flags;
  const url = queueUrl(flags.queue, io.env);
  const { token, baseUrl } = readEnvironment(io.env);
  const warn = createWarn({ json, quiet }, io);
  useProxies(io.env, warn, { baseUrl });
  const { openDatabase } = await import('../../../fleet/database/connection.ts');
  const { migrate } = await import('../../../fleet/database/migrate.ts');
  const { storeEvent } = await import('../../../fleet/fleetEvents.ts');
  const database = await openDatabase({ url, name: 'rxposure hooks', onWarning: warn });
  const show = (event: HooksEvent, text: string | null) => {
    if (json) io.stdout.write(jsonLine(event, (each) => redact(each, token)));
    else if (!quiet && text !== null) io.stderr.write(`${text}\n`);
  };
  const store = async (event: PredictionEvent) => {
    await storeEvent(database, event).catch((error: unknown) => {
      warn(`A webhook is not stored; the service sends it again: ${messageOf(error)}`);
      throw error;
    });
    const { id, status } = event.prediction;
    show({ type: 'webhook.stored', predictionId: id, status }, null);
  };
  const received = secretOf(io.env).pipe(
    concatMap((secret) =>
      createWebhookReceiver({
        secret,
        secrets: secretsIn(io.env),
        store,
        onAllRefused: () => warn(ALL_REFUSED),
        host,
        port,
      }),
    ),
    tap(({ url: address }) => show({ type: 'hooks.listening', url: address }, listeningAt(address))),
    concatMap(({ events }) => events.pipe(ignoreElements())),
    takeUntil(merge(interruption().stop, io.outputClosed)),
  );
  try {
    await migrate(database);
    await lastValueFrom(received, { defaultValue: null });
    return 0;
  } finally {
    await database.close();
  }
}

const ALL_REFUSED =
  'All webhooks so far were refused, because their signatures do not fit: a proxy on the way may change them, or they are of another account.';

/** Emits the secret that signs webhooks: that of the environment, or else the account's. */
function secretOf(env: ScriptIo['env']): Observable<string> {
  const own = env.REPLICATE_WEBHOOK_SIGNING_SECRET?.trim() ?? '';
  return own === ''
    ? defer(() => fetchWebhookSecret(serviceIn(env))).pipe(retryBackoff(retryPolicies.prepare))
    : of(own);
}

/** Returns the settings of the service in the environment; the others have their defaults. */
function serviceIn(env: ScriptIo['env']): ReplicateProviderConfig {
  const { token, baseUrl } = readEnvironment(env);
  return { ...(token !== null && { token }), ...(baseUrl !== null && { baseUrl }) };
}

function listeningAt(address: string): string {
  return `Receiving webhooks at ${address}: start runs with --follow webhook --webhook-url https://…, the address that leads here. Ctrl-C ends it.`;
}
