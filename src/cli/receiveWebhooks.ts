import { concatMap, defer, from, type Observable } from 'rxjs';
import { ProviderError, UsageError } from '../errors.ts';
import { retryBackoff } from '../operators/retryBackoff.ts';
import type { PredictionEvents } from '../ports.ts';
import type { Flags } from './Flags.ts';
import type { OpenService } from './openService.ts';

/**
 * Listens for the webhooks of a service, as long as it is subscribed. Emits where they are to be sent, and what they tell.
 *
 * Throws `UsageError` where the service cannot reach this machine or sends none.
 */
export function receiveWebhooks(
  { webhookSecret, reachesLoopback }: OpenService,
  { webhookUrl, webhookPort }: Pick<Flags, 'webhookUrl' | 'webhookPort'>,
): Observable<PredictionEvents> {
  if (webhookSecret === null) {
    throw new UsageError(
      'Expected a service that sends signed webhooks for `--follow webhook`, got another',
      {
        suggestion: 'Leave --follow out.',
      },
    );
  }
  if (webhookUrl === null && !reachesLoopback) {
    throw new UsageError('Expected `--webhook-url` with `--follow webhook`, got none', {
      suggestion:
        'Put a tunnel or proxy with https before this machine and give its address, with --webhook-port for the port here.',
    });
  }
  const secret = webhookSecret.pipe(
    retryBackoff({ shouldRetry: (error) => error instanceof ProviderError && error.recoverable }),
  );
  return secret.pipe(
    concatMap((key) =>
      // Loaded only here: most runs need no server.
      from(import('../replicate/createWebhookReceiver.ts')).pipe(
        concatMap(({ createWebhookReceiver }) =>
          defer(() =>
            createWebhookReceiver({
              secret: key,
              port: webhookPort ?? 0,
              ...(webhookUrl === null ? {} : { publicUrl: webhookUrl }),
            }),
          ),
        ),
      ),
    ),
  );
}
