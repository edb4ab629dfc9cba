import type { FastifyInstance } from 'fastify';
import { signingSecret } from './signingSecret.ts';

const account = {
  type: 'user',
  username: 'simulator',
  name: 'Simulated account',
  github_url: 'https://github.com/simulator',
  avatar_url: 'https://github.com/simulator.png',
};

const hardware = [
  { sku: 'cpu', name: 'CPU' },
  { sku: 'gpu-t4', name: 'Nvidia T4 GPU' },
  { sku: 'gpu-l40s', name: 'Nvidia L40S GPU' },
  { sku: 'gpu-a100-large', name: 'Nvidia A100 (80GB) GPU' },
  { sku: 'gpu-h100', name: 'Nvidia H100 GPU' },
];

/** What belongs to the account and not to a model or a prediction. */
export function accountRoutes(api: FastifyInstance): void {
  api.get('/account', async () => account);
  api.get('/hardware', async () => hardware);
  api.get('/webhooks/default/secret', async () => ({ key: signingSecret }));
}
