import { createHash, createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Simulator } from '../../../src/simulator/index.ts';
import { call, simulated } from '../../helpers/simulated.ts';

async function upload(simulator: Simulator, content: string, name = 'fox.png', metadata?: string) {
  const form = new FormData();
  form.set('content', new Blob([content], { type: 'image/png' }), name);
  if (metadata !== undefined) form.set('metadata', new Blob([metadata], { type: 'application/json' }));
  const headers = { authorization: `Bearer ${simulator.token}` };
  const response = await fetch(`${simulator.baseUrl}/files`, { method: 'POST', headers, body: form });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

it('accepts a file, shows it, lists it and deletes it', async () => {
  const simulator = await simulated();
  const { status, body } = await upload(simulator, 'fox', 'füchse.png', '{"customer": 7}');
  expect(status).toBe(201);
  expect(body).toMatchObject({
    name: 'füchse.png',
    content_type: 'image/png',
    size: 3,
    checksums: {
      sha256: createHash('sha256').update('fox').digest('hex'),
      md5: createHash('md5').update('fox').digest('hex'),
    },
    metadata: { customer: 7 },
    urls: { get: `${simulator.baseUrl}/files/${body.id}` },
  });
  expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(24 * 3_600_000);
  expect((await call(simulator, body.urls.get)).body).toEqual(body);
  const { body: newer } = await upload(simulator, 'hen');
  const { body: list } = await call(simulator, '/files');
  expect(list.results.map(({ id }: { id: string }) => id)).toEqual([newer.id, body.id]);
  expect((await call(simulator, body.urls.get, { method: 'DELETE' })).status).toBe(204);
  expect((await call(simulator, body.urls.get, { method: 'DELETE' })).status).toBe(404);
  expect((await call(simulator, body.urls.get)).body).toEqual({ status: 404, detail: 'File not found' });
});

it('refuses uploads without content, with broken metadata, or with too long a name', async () => {
  const simulator = await simulated();
  expect((await call(simulator, '/files', { body: {} })).status).toBe(400);
  expect((await upload(simulator, 'fox', 'fox.png', '{')).status).toBe(400);
  expect((await upload(simulator, 'fox', `${'x'.repeat(256)}.png`)).status).toBe(400);
  expect((await call(simulator, '/files')).body.results).toEqual([]);
});

it('sends a file for a valid signature, without a token', async () => {
  const simulator = await simulated();
  const { body: file } = await upload(simulator, 'fox');
  const { body: secret } = await call(simulator, '/webhooks/default/secret');
  const download = (expiry: number, owner = 'simulator') => {
    const signed = createHmac('sha256', secret.key).update(`simulator ${file.id} ${expiry}`).digest('base64');
    const query = new URLSearchParams({ owner, expiry: String(expiry), signature: signed });
    return call(simulator, `/files/${file.id}/download?${query}`, { token: null });
  };
  const soon = Math.floor(Date.now() / 1_000) + 60;
  expect(await download(soon)).toMatchObject({ status: 200, body: 'fox' });
  expect((await download(soon - 120)).status).toBe(404);
  expect((await download(soon, 'someone')).status).toBe(404);
  expect((await call(simulator, `/files/${file.id}`, { token: null })).status).toBe(401);
});

it('accepts files above the size limit of other bodies', async () => {
  const simulator = await simulated();
  const { status, body } = await upload(simulator, 'x'.repeat(20_000_001));
  expect([status, body.size]).toEqual([201, 20_000_001]);
});
