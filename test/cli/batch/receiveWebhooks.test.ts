import { concatMap, firstValueFrom, of } from 'rxjs';
import { expect, it, vi } from 'vitest';
import { receiveWebhooks } from '../../../src/cli/batch/receiveWebhooks.ts';
import { fakeProvider } from '../../helpers/fakeProvider.ts';

const secret = `whsec_${Buffer.from('a secret of some length').toString('base64')}`;
const service = {
  provider: fakeProvider({}),
  speed: 1,
  onlyModel: null,
  webhookSecret: of(secret),
  reachesLoopback: true,
  close: async () => {},
};
const flags = { webhookUrl: null, webhookPort: null };

it('listens if the service can reach it', async () => {
  const { url } = await firstValueFrom(receiveWebhooks(service, flags));
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
});

it('passes on the address from the flags', async () => {
  const away = { ...service, reachesLoopback: false };
  const given = { ...flags, webhookUrl: 'https://hooks.example.com/rx' };
  expect((await firstValueFrom(receiveWebhooks(away, given))).url).toBe('https://hooks.example.com/rx');
});

it('refuses a service that cannot reach it, or sends none', () => {
  expect(() => receiveWebhooks({ ...service, reachesLoopback: false }, flags)).toThrow(
    '`--follow webhook` needs `--webhook-url`',
  );
  expect(() => receiveWebhooks({ ...service, webhookSecret: null }, flags)).toThrow('needs signed webhooks');
});

it('reports once that every webhook is refused', async () => {
  const onAllRefused = vi.fn<() => void>();
  const forged = {
    method: 'POST',
    body: '{}',
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(Date.now() / 1_000)),
      'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
    },
  };
  await firstValueFrom(
    receiveWebhooks(service, flags, onAllRefused).pipe(
      concatMap(async ({ url }) => {
        for (let sent = 0; sent < 5; sent += 1) expect((await fetch(url, forged)).status).toBe(401);
        await vi.waitFor(() => expect(onAllRefused).toHaveBeenCalledTimes(1));
      }),
    ),
  );
});
