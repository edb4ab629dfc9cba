import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { ProviderError, UsageError } from '../../../src/errors.ts';
import { fetchWebhookSecret } from '../../../src/providers/replicate/webhookSecret.ts';
import { localServer, sendJson } from '../../helpers/localServer.ts';

const token = 'r8_secretsecretsecret';

it('asks for the secret of the account, once', async () => {
  const { url, requests } = await localServer((_request, response) =>
    sendJson(response, 200, { key: 'whsec_abc' }),
  );
  expect(await lastValueFrom(fetchWebhookSecret({ token, baseUrl: `${url}/v1` }))).toBe('whsec_abc');
  expect(requests).toHaveLength(1);
  expect(requests[0]).toMatchObject({
    method: 'GET',
    url: '/v1/webhooks/default/secret',
    headers: { authorization: `Bearer ${token}` },
  });
});

it.each([
  [401, { detail: 'no' }, 'ERR_UNAUTHENTICATED'],
  [200, { secret: 'whsec_abc' }, 'ERR_UNREADABLE_ANSWER'],
])('emits a malformed response of %i as an error', async (status, body, code) => {
  const { url } = await localServer((_request, response) => sendJson(response, status, body));
  const secret = lastValueFrom(fetchWebhookSecret({ token, baseUrl: `${url}/v1` }));
  await expect(secret).rejects.toThrow(ProviderError);
  await expect(secret).rejects.toMatchObject({ code, tookEffect: 'no' });
});

it('throws for a token that is none', () => {
  expect(() => fetchWebhookSecret({ token: '' })).toThrow(UsageError);
});
