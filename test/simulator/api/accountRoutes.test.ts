import { expect, it } from 'vitest';
import { call, simulated } from '../../helpers/simulated.ts';

it('has an account, hardware and a signing secret', async () => {
  const simulator = await simulated();
  const [account, hardware, secret] = await Promise.all([
    call(simulator, '/account'),
    call(simulator, '/hardware'),
    call(simulator, '/webhooks/default/secret'),
  ]);
  expect(account.body).toMatchObject({ type: 'user', username: 'simulator' });
  expect(hardware.body).toContainEqual({ sku: 'cpu', name: 'CPU' });
  expect(secret.body.key).toMatch(/^whsec_[A-Za-z0-9+/]+=*$/);
});
