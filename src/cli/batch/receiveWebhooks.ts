import { concatMap, defer, from, type Observable } from 'rxjs';
import { UsageError } from '../../errors.ts';
import { retryPolicies } from '../../operators/internal/retryPolicies.ts';
import { retryBackoff } from '../../operators/retryBackoff.ts';
import type { PredictionEvents } from '../../ports.ts';
import type { Flags } from '../flags/flags.ts';
import type { OpenService } from './service.ts';

/**
 * Listens for the webhooks of a service while subscribed. Emits the receiver, which has the URL for
 * the service and the events it sends.
 *
 * Throws `UsageError` if the service sends no signed webhooks, or cannot reach this machine.
 */
export function receiveWebhooks(
  service: OpenService,
  { webhookUrl, webhookPort }: Pick<Flags, 'webhookUrl' | 'webhookPort'>,
  onAllRefused: () => void = () => {},
): Observable<PredictionEvents> {
  const { secrets = [] } = service;
  const signed = checkWebhooks(service, { webhookUrl });
  const secret = signed.pipe(retryBackoff(retryPolicies.prepare));
  return secret.pipe(
    concatMap((key) =>
      // Loaded only here: most runs need no server.
      from(import('../../providers/replicate/webhookReceiver.ts')).pipe(
        concatMap(({ createWebhookReceiver }) =>
          defer(() =>
            createWebhookReceiver({
              secret: key,
              secrets,
              onAllRefused,
              port: webhookPort ?? 0,
              ...(webhookUrl === null ? {} : { publicUrl: webhookUrl }),
            }),
          ),
        ),
      ),
    ),
  );
}

/**
 * Returns the secret of a service's webhooks. Throws `UsageError` if it sends no signed ones, or
 * cannot reach this machine.
 */
export function checkWebhooks(
  { webhookSecret, reachesLoopback }: Pick<OpenService, 'webhookSecret' | 'reachesLoopback'>,
  { webhookUrl }: Pick<Flags, 'webhookUrl'>,
): Observable<string> {
  if (webhookSecret === null) {
    throw new UsageError('`--follow webhook` needs signed webhooks, which this service does not send.', {
      suggestion: 'Remove --follow.',
    });
  }
  if (webhookUrl === null && !reachesLoopback) {
    throw new UsageError(
      '`--follow webhook` needs `--webhook-url`, so that the service can reach this machine.',
      {
        suggestion:
          'Put an https tunnel or proxy in front of this machine and give its address; set the local port with --webhook-port.',
      },
    );
  }
  return webhookSecret;
}
