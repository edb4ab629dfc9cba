import { writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { lastValueFrom } from 'rxjs';
import { expect, it } from 'vitest';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import { inputFile } from '../../../src/sources/modelInputs/inputFile.ts';
import { localServer, sendJson } from '../../helpers/localServer.ts';
import { call, simulated } from '../../helpers/simulated.ts';
import { tempFile } from '../../helpers/tempFile.ts';

const token = 'r8_000000000000000000000000000000000000';
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>';
const upload = async (source: string | Uint8Array, baseUrl: string, secret = token) => {
  const provider = createReplicateProvider({ token: secret, baseUrl });
  return lastValueFrom(provider.uploadFile!(await inputFile(source, 'bytes.svg')));
};

it('gives the service name, type and content, and returns the lifetime', async () => {
  const simulator = await simulated();
  const path = await tempFile('Katze „ä“.svg', svg);
  const { url, lifetimeMs } = await upload(path, simulator.baseUrl, simulator.token);
  expect(lifetimeMs).toBe(24 * 3_600_000);
  const { body } = await call(simulator, url);
  expect(body).toMatchObject({ name: 'Katze „ä“.svg', content_type: 'image/svg+xml', size: svg.length });
});

it('takes bytes', async () => {
  const simulator = await simulated();
  const { url } = await upload(Buffer.from(svg), simulator.baseUrl, simulator.token);
  expect((await call(simulator, url)).body).toMatchObject({ name: 'bytes.svg', size: svg.length });
});

it('counts the lifetime by the clock of the service, and assumes the shortest if it gives none', async () => {
  const answers = [
    { urls: { get: 'u' }, created_at: '2001-01-01T00:00:00Z', expires_at: '2001-01-01T00:10:00Z' },
    { urls: { get: 'u' } },
  ];
  const { url, requests } = await localServer((_request, response, count) =>
    sendJson(response, 201, answers[count - 1]),
  );
  expect(await upload(Buffer.from(svg), url)).toEqual({ url: 'u', lifetimeMs: 600_000 });
  expect(await upload(Buffer.from(svg), url)).toEqual({ url: 'u', lifetimeMs: 3_600_000 });
  expect(requests[0]?.headers).toMatchObject({ authorization: `Bearer ${token}`, 'user-agent': 'rxposure' });
  expect(requests[0]?.body).toContain(svg);
  expect(requests[0]?.body).not.toContain(token);
});

it('sends no file that has changed', async () => {
  const { url, requests } = await localServer((_request, response) => sendJson(response, 500, {}));
  const path = await tempFile('cat.svg', svg);
  const file = await inputFile(path);
  await writeFile(path, 'a dog');
  const { uploadFile } = createReplicateProvider({ token, baseUrl: url });
  await expect(lastValueFrom(uploadFile!(file))).rejects.toMatchObject({
    name: 'InputFileError',
    code: 'ERR_INPUT_CHANGED',
  });
  expect(requests).toEqual([]);
});

it.each([
  ['another content', 201, { urls: { get: 'u' }, checksums: { sha256: '00' } }, 'ERR_UPLOAD_DAMAGED', true],
  ['no address', 201, {}, 'ERR_UNREADABLE_ANSWER', true],
  ['a refusal', 413, { detail: 'too large' }, 'ERR_TOO_LARGE', false],
  ['a fault', 503, {}, 'ERR_SERVICE', true],
])('describes an unexpected response: %s', async (_what, status, body, code, recoverable) => {
  const { url } = await localServer((_request, response) => sendJson(response, status, body));
  await expect(upload(Buffer.from(svg), url)).rejects.toMatchObject({ code, recoverable });
});

it('may be unsubscribed while the file is read', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  try {
    const { url, requests } = await localServer((_request, response) => sendJson(response, 201, {}));
    const called = Promise.withResolvers<void>();
    const { uploadFile } = createReplicateProvider({
      token,
      baseUrl: url,
      fetch: (input, init) => {
        called.resolve();
        return fetch(input, init);
      },
    });
    const file = await inputFile(Buffer.from(svg), 'bytes.svg');
    uploadFile!(file).subscribe().unsubscribe();
    await called.promise;
    // Node reads a body in turns of the event loop.
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    expect(unhandled).toEqual([]);
    expect(requests).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});
