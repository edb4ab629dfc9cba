import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { expect, it, onTestFinished } from 'vitest';
import { toTelemetry } from '../../src/events/telemetry/toTelemetry.ts';
import { openDatabase } from '../../src/fleet/database/connection.ts';
import { migrate } from '../../src/fleet/database/migrate.ts';
import { createFleetEvents, storeEvent } from '../../src/fleet/fleetEvents.ts';
import { createWebhookReceiver } from '../../src/providers/replicate/webhookReceiver.ts';
import { fetchWebhookSecret } from '../../src/providers/replicate/webhookSecret.ts';
import type { PredictionEvent } from '../../src/types.ts';
import { describeFleet } from '../helpers/describeFleet.ts';
import { aLocalWorker } from '../helpers/fleetOfWorkers.ts';
import { memorySdk } from '../helpers/memorySdk.ts';
import { newDatabase } from '../helpers/postgres.ts';
import { scriptsInFolder } from '../helpers/scriptsInFolder.ts';

describeFleet('workers', () => {
  it('make the images of a run with --queue together, which leaves its results as any run does', async () => {
    const url = await newDatabase();
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const prompts = Array.from({ length: 60 }, (_, n) => `pear ${n}`);
    const sdk = memorySdk();
    onTestFinished(async () => void (await sdk.close()));
    const listen = () => toTelemetry({ tracer: sdk.tracer, meter: sdk.meter });
    const workers = await Promise.all(
      [1, 2].map(() => aLocalWorker(url, simulator, { shared: root, listen })),
    );
    const alone = '--rate 60000 --rendition tiny=8x8,png';
    const flags = `${alone} --queue=${url} --shared ${root}`;
    const first = await scripts.generate(prompts, flags);
    expect(first).toMatchObject({ code: 0, error: null, made: 60 });
    expect(first.outcomes.map(({ index, status }) => [index, status])).toEqual(
      prompts.map((_, index) => [index, 'saved']),
    );
    const taken = workers.map(({ events }) => events.filter(({ type }) => type === 'part.finished').length);
    expect(taken.reduce((sum, parts) => sum + parts)).toBe(3);
    expect(workers.map((worker) => worker.fault())).toEqual([null, null]);
    const report = JSON.parse(await readFile(join(scripts.folder, 'report.json'), 'utf8'));
    expect(report).toMatchObject({ saved: 60 });
    const jobs = sdk.spans().filter(({ name }) => name === 'rxposure.job');
    expect(jobs.map(({ attributes }) => attributes['rxposure.job.status'])).toEqual(Array(60).fill('saved'));
    // The same command again, with and without workers, makes nothing.
    expect(await scripts.generate(prompts, flags)).toMatchObject({ code: 0, made: 0 });
    expect(await scripts.generate(prompts, alone)).toMatchObject({ code: 0, made: 0 });
  });

  it('learn the ends of predictions from the webhooks that another process has received', async () => {
    const url = await newDatabase();
    const database = await openDatabase({ url });
    onTestFinished(() => database.close());
    await migrate(database);
    const scripts = await scriptsInFolder();
    const { root, simulator } = scripts;
    const webhookEvents = createFleetEvents({ database, url, name: 'test' });
    const heard = new Set<string>();
    const listening = webhookEvents.subscribe(({ prediction }) => heard.add(prediction.id));
    onTestFinished(() => listening.unsubscribe());
    await aLocalWorker(url, simulator, { shared: root, webhookEvents });
    const secret = await lastValueFrom(fetchWebhookSecret(simulator));
    const store = (event: PredictionEvent) => storeEvent(database, event);
    const received = await new Promise<string>((resolve, reject) => {
      const receiving = createWebhookReceiver({ secret, store }).subscribe({
        next: (receiver) => resolve(receiver.url),
        error: reject,
      });
      onTestFinished(() => receiving.unsubscribe());
    });
    const prompts = Array.from({ length: 30 }, (_, n) => `plum ${n}`);
    const flags = `--rate 60000 --queue=${url} --shared ${root} --follow webhook --webhook-url ${received}`;
    expect(await scripts.generate(prompts, flags)).toMatchObject({ code: 0, error: null, made: 30 });
    await expect.poll(() => heard.size).toBe(30);
    expect(await database.query('SELECT count(*)::integer AS stored FROM rx.webhook')).toEqual([
      { stored: 30 },
    ]);
  });
});
