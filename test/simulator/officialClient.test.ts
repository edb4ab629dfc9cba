import Replicate from 'replicate';
import { expect, it } from 'vitest';
import type { Simulator } from '../../src/simulator/index.ts';
import { SCHNELL, simulated } from './simulated.ts';

function clientOf(simulator: Simulator): Replicate {
  return new Replicate({ auth: simulator.token, baseUrl: simulator.baseUrl, useFileOutput: false });
}

it.each([{ mode: 'block' } as const, { mode: 'poll', interval: 5 } as const])(
  'runs with %o',
  async (wait) => {
    const simulator = await simulated({ earlyOutputRate: 0.5 });
    const output = await clientOf(simulator).run(SCHNELL, { input: { prompt: 'a red fox' }, wait });
    expect(output).toEqual([expect.stringMatching(/out-0\.webp$/)]);
    expect(simulator.stats()).toMatchObject({ created: 1, succeeded: 1 });
  },
);

it('pages, cancels, uploads and shows models and accounts', async () => {
  const simulator = await simulated({ medianMs: 60_000 });
  const client = clientOf(simulator);
  const ids: string[] = [];
  for (let made = 0; made < 102; made += 1) {
    ids.push((await client.predictions.create({ model: SCHNELL, input: { prompt: 'a red fox' } })).id);
  }
  const listed: string[] = [];
  for await (const page of client.paginate(client.predictions.list)) listed.push(...page.map(({ id }) => id));
  expect(listed).toEqual(ids.toReversed());
  expect(await client.predictions.cancel(ids[0]!)).toMatchObject({ status: 'canceled' });
  const file = await client.files.create(Buffer.from('fox'), { kind: 'animal' });
  expect(file).toMatchObject({ size: 3, metadata: { kind: 'animal' } });
  expect(await client.models.get('google', 'imagen-4')).toMatchObject({ name: 'imagen-4' });
  expect(await client.accounts.current()).toMatchObject({ type: 'user' });
  expect(await client.hardware.list()).toContainEqual({ sku: 'cpu', name: 'CPU' });
  expect(await client.webhooks.default.secret.get()).toHaveProperty('key');
});
