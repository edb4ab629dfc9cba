import type { Observable } from 'rxjs';
import { z } from 'zod';
import { createCaller } from './createCaller.ts';
import type { ReplicateProviderConfig } from './createReplicateProvider.ts';
import { expectCredentials } from './expectCredentials.ts';
import { replicateBaseUrl } from './replicateBaseUrl.ts';

const answer = z.looseObject({ key: z.string().min(1) });

/**
 * The secret with which the service signs the account's webhooks, asked for once per subscription.
 *
 * Throws `UsageError` for a token or base URL that cannot be one; emits `ProviderError`s as a provider does.
 */
export function fetchWebhookSecret(config: ReplicateProviderConfig): Observable<string> {
  const { token, baseUrl = replicateBaseUrl, now = Date.now } = config;
  expectCredentials(token, baseUrl);
  const call = createCaller({ ...config, baseUrl, now, onHeaders: () => {} });
  return call({
    ask: (client, signal) => client.webhooks.default.secret.get({ signal }),
    read: (body) => answer.parse(body).key,
  });
}
