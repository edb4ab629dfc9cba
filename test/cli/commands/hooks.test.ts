import { Readable } from 'node:stream';
import { firstValueFrom, Subject } from 'rxjs';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { hooks } from '../../../src/cli/commands/fleet/hooks.ts';
import { createFleetEvents } from '../../../src/fleet/fleetEvents.ts';
import { startSimulator } from '../../../src/simulator/startSimulator.ts';
import { describeFleet } from '../../helpers/describeFleet.ts';
import { FakeStream } from '../../helpers/fakeStream.ts';
import { fleetDatabase } from '../../helpers/postgres.ts';

describeFleet('hooks', () => {
  let database: Awaited<ReturnType<typeof fleetDatabase>>;
  beforeAll(async () => {
    database = await fleetDatabase(2);
  });
  afterAll(() => database?.close());
  const flushed = (url: string) => `${url}?options=${encodeURIComponent('-c synchronous_commit=on')}`;

  /** A hooks process that listens; returns its address and its output. */
  async function listening(env: Record<string, string>) {
    const outputClosed = new Subject<void>();
    const [stdout, stderr] = [new FakeStream(), new FakeStream()];
    const io = { stdin: Readable.from([]), stdout, stderr, env, outputClosed };
    const ended = hooks({ queue: flushed(database.url), port: 0, json: true }, io);
    const close = async () => {
      outputClosed.next();
      return ended;
    };
    onTestFinished(() => close().then(() => {}));
    await expect.poll(() => stdout.text).toContain('hooks.listening');
    const { url } = JSON.parse(stdout.lines[0] ?? '') as { url: string };
    return { url, stdout, close };
  }

  it('brings the ends that the service reports to the workers, with the secret of the account', async () => {
    const simulator = await startSimulator({ render: 'fast', speed: 50, coldStarts: false });
    onTestFinished(() => simulator.close());
    const env = { REPLICATE_API_TOKEN: simulator.token, REPLICATE_BASE_URL: simulator.baseUrl };
    const { url, stdout, close } = await listening(env);
    const heard = firstValueFrom(createFleetEvents({ database, url: database.url, name: 'worker' }));
    const response = await fetch(`${simulator.baseUrl}/models/black-forest-labs/flux-schnell/predictions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${simulator.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        input: { prompt: 'a fox' },
        webhook: `${url}?job=5`,
        webhook_events_filter: ['completed'],
      }),
    });
    const { id } = (await response.json()) as { id: string };
    expect(await heard).toMatchObject({ prediction: { id, status: 'succeeded' }, query: { job: '5' } });
    const line = JSON.stringify({ type: 'webhook.stored', predictionId: id, status: 'succeeded' });
    await expect.poll(() => stdout.lines[1]).toBe(line);
    expect(await close()).toBe(0);
  });

  it('needs no token if it is given the secret, and stores nothing that is forged', async () => {
    const { url } = await listening({
      REPLICATE_WEBHOOK_SIGNING_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    });
    const forged = await fetch(url, {
      method: 'POST',
      body: '{"id":"forged"}',
      headers: { 'webhook-id': 'a' },
    });
    expect(forged.status).toBe(401);
    expect(await database.query("SELECT FROM rx.webhook WHERE prediction_id = 'forged'")).toEqual([]);
  });
});
