import { firstValueFrom, of } from 'rxjs';
import { expect, it } from 'vitest';
import { receiveWebhooks } from '../../../src/cli/batch/runBatch.ts';
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
