import Replicate, { type FileOutput, validateWebhook } from 'replicate';
import { expect, it } from 'vitest';
import type { Simulator } from '../../src/simulator/index.ts';
import { localServer } from '../helpers/localServer.ts';
import { SCHNELL, simulated } from '../helpers/simulated.ts';

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
  const simulator = await simulated({ medianMs: 6_000_000 });
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

it('searches, and shows collections', async () => {
  const client = clientOf(await simulated());
  const { results } = await client.models.search('seedream');
  expect(results.map(({ name }) => name)).toEqual(['seedream-4']);
  const collections = await client.collections.list();
  const collection = await client.collections.get(collections.results[0]!.slug);
  expect(collection.models?.length).toBeGreaterThan(5);
});

it('validates its webhooks, and only those', async () => {
  const simulator = await simulated();
  const client = clientOf(simulator);
  const { url, requests } = await localServer((_request, response) => response.end());
  const input = { prompt: 'a red fox' };
  await client.predictions.create({
    model: SCHNELL,
    input,
    webhook: url,
    webhook_events_filter: ['completed'],
  });
  await expect.poll(() => requests).toHaveLength(1);
  const { key } = await client.webhooks.default.secret.get();
  const { headers, body } = requests[0]!;
  const validate = (text: string) =>
    validateWebhook({
      id: String(headers['webhook-id']),
      timestamp: String(headers['webhook-timestamp']),
      signature: String(headers['webhook-signature']),
      body: text,
      secret: key,
    });
  expect(await validate(body)).toBe(true);
  expect(await validate(body.replace('succeeded', 'failed'))).toBe(false);
});

it('reads data: URLs as files, as the service sent them for a while', async () => {
  const simulator = await simulated({ outputs: 'data' });
  const client = new Replicate({ auth: simulator.token, baseUrl: simulator.baseUrl });
  const output = (await client.run(SCHNELL, { input: { prompt: 'a red fox' } })) as FileOutput[];
  expect((await output[0]!.blob()).size).toBeGreaterThan(100);
});
