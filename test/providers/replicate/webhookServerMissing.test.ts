import { setTimeout } from 'node:timers/promises';
import { lastValueFrom } from 'rxjs';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createWebhookReceiver } from '../../../src/providers/replicate/webhookReceiver.ts';

vi.mock('../../../src/providers/replicate/webhookServer.ts', () => ({
  webhookServer: () => {
    throw new Error('fastify is not installed');
  },
}));

it('ends with an error only once if its server cannot be made', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  await expect(lastValueFrom(createWebhookReceiver({ unsigned: true }))).rejects.toThrow(
    'Cannot listen for webhooks on port 0 of 127.0.0.1: Error: fastify is not installed',
  );
  await setTimeout(10);
  expect(unhandled).toEqual([]);
});
