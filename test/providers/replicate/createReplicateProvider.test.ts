import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { lastValueFrom, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ProviderError, UsageError } from '../../../src/errors.ts';
import { createReplicateProvider } from '../../../src/providers/replicate/replicateProvider.ts';
import type { CreateLimits, PredictionRequest } from '../../../src/types.ts';
import { localServer, predictionAnswer, sendJson } from '../../helpers/localServer.ts';
import { rawServer, silentPort } from '../../helpers/rawServer.ts';

const token = 'r8_secretsecretsecret';
const request: PredictionRequest = { model: 'owner/name', version: null, input: { prompt: 'a cat' } };
const version = 'f'.repeat(64);
const connect = (url: string, config = {}) =>
  createReplicateProvider({ token, baseUrl: `${url}/v1`, ...config });
const errorOf = async (promise: Promise<unknown>): Promise<ProviderError> => {
  const error = await promise.then(
    () => new Error('Expected an error'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProviderError)) throw error;
  return error;
};

it('reports that this machine has no file handle left, not a fault of the network or the service', async () => {
  const fault = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE', syscall: 'connect' });
  const fetch = () => Promise.reject(new TypeError('fetch failed', { cause: fault }));
  const provider = connect('http://127.0.0.1:9', { fetch });
  await expect(lastValueFrom(provider.createPrediction(request, { waitMs: 0 }))).rejects.toMatchObject({
    name: 'StorageError',
    code: 'ERR_TOO_MANY_FILES',
    message: expect.stringContaining('127.0.0.1:9'),
  });
});

it('refuses wrong options, and shows no credentials', () => {
  const refused = (config: object) => () => connect('http://127.0.0.1:9', config);
  expect(refused({ tokn: 'x' })).toThrow('There is no option `tokn`.');
  expect(refused({ requestTimeoutMs: 0 })).toThrow(
    'Expected `requestTimeoutMs` to be a number above 0, got 0',
  );
  expect(refused({ token: [token] })).toThrow('Expected `token` to be a text, got ["string"]');
  expect(refused({ secrets: [token, undefined] })).toThrow(
    'Expected `secrets` to be a list of texts, got ["string", "undefined"]',
  );
  expect(refused({ filesUrl: '', stats: () => ({}), close: () => {} })).not.toThrow();
});

describe('createPrediction', () => {
  it('sends one request with the wait, the deadline and the token', async () => {
    const { url, requests } = await localServer((_request, response) =>
      sendJson(response, 201, predictionAnswer),
    );
    const options = { waitMs: 60_000, cancelAfterMs: 630_000 };
    const prediction = await lastValueFrom(connect(url).createPrediction(request, options));
    expect(prediction).toMatchObject({
      id: predictionAnswer.id,
      status: 'succeeded',
      outputComplete: true,
      metrics: { image_count: 1 },
    });
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      url: '/v1/models/owner/name/predictions',
      headers: { authorization: `Bearer ${token}`, prefer: 'wait=60', 'cancel-after': '630s' },
    });
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ input: { prompt: 'a cat' } });
  });

  it('asks for a webhook at the end if it is given a URL', async () => {
    const { url, requests } = await localServer((_request, response) =>
      sendJson(response, 201, predictionAnswer),
    );
    const webhookUrl = 'https://hooks.example/rx?job=7';
    await lastValueFrom(connect(url).createPrediction(request, { waitMs: 0, webhookUrl }));
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
      input: { prompt: 'a cat' },
      webhook: webhookUrl,
      webhook_events_filter: ['completed'],
    });
  });

  it('sends nothing if that URL is malformed', async () => {
    const { url, requests } = await localServer((_request, response) =>
      sendJson(response, 201, predictionAnswer),
    );
    const created = connect(url).createPrediction(request, { waitMs: 0, webhookUrl: 'hooks' });
    await expect(lastValueFrom(created)).rejects.toThrow(UsageError);
    expect(requests).toHaveLength(0);
  });

  it('reports the limits that a response names, a refusal too; nothing if it names none', async () => {
    const { url } = await localServer((_request, response, count) => {
      if (count === 1) sendJson(response, 201, predictionAnswer, { 'ratelimit-remaining': '41' });
      else if (count === 2) {
        sendJson(response, 429, {}, { 'ratelimit-remaining': '0', 'ratelimit-reset': '3' });
      } else sendJson(response, 201, predictionAnswer);
    });
    const provider = connect(url);
    const reported: CreateLimits[] = [];
    const options = { waitMs: 0, onLimits: (limits: CreateLimits) => reported.push(limits) };
    const create = () => lastValueFrom(provider.createPrediction(request, options));
    await create();
    await errorOf(create());
    await create();
    expect(reported).toEqual([
      { remaining: 41, fullInMs: null },
      { remaining: 0, fullInMs: 3_000 },
    ]);
  });

  it('runs a pinned version by the other route, without a wait if none is asked for', async () => {
    const { url, requests } = await localServer((_request, response) =>
      sendJson(response, 201, predictionAnswer),
    );
    await lastValueFrom(
      connect(url).createPrediction({ ...request, version }, { waitMs: 0, cancelAfterMs: 1 }),
    );
    expect(requests[0]?.url).toBe('/v1/predictions');
    expect(requests[0]?.headers.prefer).toBeUndefined();
    expect(requests[0]?.headers['cancel-after']).toBe('5s'); // the shortest that the service takes
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ input: { prompt: 'a cat' }, version });
  });

  it('changes to the version if the route by name does not have the model, and remembers', async () => {
    const { url, requests } = await localServer(({ method, url: path }, response) => {
      if (method === 'GET') sendJson(response, 200, { latest_version: { id: version } });
      else if (path.endsWith('/v1/predictions')) sendJson(response, 201, predictionAnswer);
      else sendJson(response, 404, { detail: 'Not found', status: 404 });
    });
    const provider = connect(url);
    await lastValueFrom(provider.getModel('owner/name'));
    await lastValueFrom(provider.createPrediction(request, { waitMs: 0 }));
    await lastValueFrom(provider.createPrediction(request, { waitMs: 0 }));
    expect(requests.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      'GET /v1/models/owner/name',
      'POST /v1/models/owner/name/predictions',
      'POST /v1/predictions',
      'POST /v1/predictions',
    ]);
  });

  it.each([
    { code: 201, status: 'processing', output: ['https://a/b.png'], waitMs: 1_000, outputComplete: true },
    { code: 202, status: 'processing', output: ['https://a/b.png'], waitMs: 1_000, outputComplete: false },
    { code: 201, status: 'processing', output: ['https://a/b.png'], waitMs: 0, outputComplete: false },
    { code: 202, status: 'processing', output: null, waitMs: 1_000, outputComplete: false },
    { code: 202, status: 'starting', output: null, waitMs: 1_000, outputComplete: false },
  ])(
    'takes an output ahead of its status as complete only from a response that was waited for: %o',
    async ({ code, waitMs, outputComplete, ...answer }) => {
      const { url } = await localServer((_request, response) =>
        sendJson(response, code, { ...predictionAnswer, ...answer }),
      );
      const prediction = await lastValueFrom(connect(url).createPrediction(request, { waitMs }));
      expect(prediction.outputComplete).toBe(outputComplete);
    },
  );

  it('treats fewer files than requested as a part, and follows the prediction', async () => {
    const output = ['https://a/b.png', 'https://a/c.png'];
    const { url } = await localServer((_request, response) =>
      sendJson(response, 201, { ...predictionAnswer, status: 'processing', output }),
    );
    const isComplete = async (num_outputs: number) => {
      const asked = { ...request, input: { ...request.input, num_outputs } };
      const created = connect(url).createPrediction(asked, { waitMs: 1_000 });
      return (await lastValueFrom(created)).outputComplete;
    };
    expect(await isComplete(4)).toBe(false);
    expect(await isComplete(2)).toBe(true);
  });

  it('changes the route for each of several create requests in flight', async () => {
    const refused: ServerResponse[] = [];
    const { url, requests } = await localServer(({ method, url: path }, response) => {
      if (method === 'GET') sendJson(response, 200, { latest_version: { id: version } });
      else if (path === '/v1/predictions') sendJson(response, 201, predictionAnswer);
      else if (refused.push(response) === 3) {
        for (const each of refused) sendJson(each, 404, { detail: 'Not found', status: 404 });
      }
    });
    const provider = connect(url);
    await lastValueFrom(provider.getModel('owner/name'));
    const create = () => lastValueFrom(provider.createPrediction(request, { waitMs: 0 }));
    await Promise.all([create(), create(), create()]);
    expect(requests.filter(({ url: path }) => path === '/v1/predictions')).toHaveLength(3);
  });

  it.each([
    ['is official', { is_official: true, latest_version: { id: version } }, 404],
    ['has no known version', {}, 404],
    ['was refused for another reason', { latest_version: { id: version } }, 422],
  ])('does not change the route if the model %s', async (_name, model, status) => {
    const { url, requests } = await localServer(({ method }, response) =>
      method === 'GET'
        ? sendJson(response, 200, model)
        : sendJson(response, status, { detail: 'no', status }),
    );
    const provider = connect(url);
    await lastValueFrom(provider.getModel('owner/name'));
    const error = await errorOf(lastValueFrom(provider.createPrediction(request, { waitMs: 0 })));
    expect(error).toMatchObject({ status, tookEffect: 'no' });
    expect(requests).toHaveLength(2);
  });

  it('waits with its verdict on a 404 for the requests that are in flight: one of them may show that it is wrong', async () => {
    let accept = () => {};
    const posts: string[] = [];
    const { url } = await localServer(({ method, url: path }, response) => {
      if (method === 'GET') return sendJson(response, 200, { latest_version: { id: version } });
      posts.push(path);
      if (posts.length === 1) accept = () => sendJson(response, 201, predictionAnswer);
      else sendJson(response, 404, { detail: 'no', status: 404 });
      if (posts.length === 2) setTimeout(() => accept(), 5);
    });
    const provider = connect(url);
    await lastValueFrom(provider.getModel('owner/name'));
    const create = () => lastValueFrom(provider.createPrediction(request, { waitMs: 0 }));
    const [first, second] = await Promise.all([create(), errorOf(create())]);
    expect(first.id).toBe(predictionAnswer.id);
    expect(second).toMatchObject({ status: 404, tookEffect: 'unknown' });
    expect(posts).toHaveLength(2);
  });

  it('changes no route after a 404 of a gateway', async () => {
    const { url, requests } = await localServer(({ method }, response) =>
      method === 'GET'
        ? sendJson(response, 200, { latest_version: { id: version } })
        : response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Not found</html>'),
    );
    const provider = connect(url);
    await lastValueFrom(provider.getModel('owner/name'));
    const error = await errorOf(lastValueFrom(provider.createPrediction(request, { waitMs: 0 })));
    expect(error).toMatchObject({ code: 'ERR_REFUSED', status: 404, tookEffect: 'unknown' });
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['by name', null],
    ['by version', version],
  ])('does not believe a 404 of a route that has worked: %s', async (_name, pinned) => {
    let posts = 0;
    const { url, requests } = await localServer(({ method }, response) => {
      if (method === 'GET') return sendJson(response, 200, { latest_version: { id: version } });
      posts += 1;
      if (posts === 1) return sendJson(response, 201, predictionAnswer);
      return sendJson(response, 404, { detail: 'The requested resource could not be found.', status: 404 });
    });
    const provider = connect(url);
    const create = () =>
      lastValueFrom(provider.createPrediction({ ...request, version: pinned }, { waitMs: 0 }));
    await lastValueFrom(provider.getModel('owner/name'));
    await create();
    const error = await errorOf(create());
    expect(error).toMatchObject({ status: 404, tookEffect: 'unknown', recoverable: true, stopsRun: false });
    expect(error.message).toContain('were accepted');
    expect(requests).toHaveLength(3);
  });

  it('runs a model that is not official by its newest version at once, regardless of the version that was read last', async () => {
    const pinned = 'a'.repeat(64);
    const { url, requests } = await localServer(({ method, url: path }, response) => {
      if (method === 'POST') sendJson(response, 201, predictionAnswer);
      else if (path.includes('/versions/')) sendJson(response, 200, { id: pinned });
      else sendJson(response, 200, { is_official: false, latest_version: { id: version } });
    });
    const provider = connect(url);
    await lastValueFrom(provider.getModel('owner/name'));
    await lastValueFrom(provider.getModel('owner/name', pinned));
    await lastValueFrom(provider.createPrediction(request, { waitMs: 0 }));
    expect(requests[2]?.url).toBe('/v1/predictions');
    expect(JSON.parse(requests[2]?.body ?? '')).toEqual({ input: { prompt: 'a cat' }, version });
  });

  it('sends the input as it is', async () => {
    const input = { prompt: 'ünï “x”', seed: 0, none: null, list: [[1], { a: [] }], empty: {}, no: false };
    const { url, requests } = await localServer((_request, response) =>
      sendJson(response, 201, predictionAnswer),
    );
    await lastValueFrom(connect(url).createPrediction({ ...request, input }, { waitMs: 120_000 }));
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ input });
    expect(requests[0]?.headers.prefer).toBe('wait=60'); // the longest that the service takes
  });

  it('accepts a prediction whose minor fields are odd or absent: it may be paid', async () => {
    const { url } = await localServer((_request, response) =>
      sendJson(response, 201, {
        id: 'abc',
        status: 'starting',
        input: [],
        metrics: 7,
        error: { a: 1 },
        version: 3,
      }),
    );
    expect(await lastValueFrom(connect(url).createPrediction(request, { waitMs: 0 }))).toMatchObject({
      id: 'abc',
      version: null,
      input: null,
      output: null,
      metrics: {},
      error: '{"a":1}',
      dataRemoved: false,
    });
  });

  it('sends nothing again after a reset before the body was read', async () => {
    let connections = 0;
    const url = await rawServer((socket) => {
      connections += 1;
      socket.once('data', () => socket.resetAndDestroy());
    });
    const error = await errorOf(lastValueFrom(connect(url).createPrediction(request, { waitMs: 0 })));
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', tookEffect: 'unknown', recoverable: true });
    await lastValueFrom(timer(20));
    expect(connections).toBe(1);
  });

  it.each(['resetAndDestroy', 'destroy'] as const)(
    'sends nothing again after the whole request was read: %s',
    async (end) => {
      const { url, requests } = await localServer((_request, response) => response.socket?.[end]());
      const error = await errorOf(lastValueFrom(connect(url).createPrediction(request, { waitMs: 0 })));
      expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', tookEffect: 'unknown', recoverable: true });
      await lastValueFrom(timer(20));
      expect(requests).toHaveLength(1);
    },
  );

  it.each([429, 500, 502, 504])('sends nothing again after %i, and does not wait', async (status) => {
    const { url, requests } = await localServer((_request, response) =>
      sendJson(response, status, { detail: 'no', status }, { 'retry-after': '3600' }),
    );
    const error = await errorOf(lastValueFrom(connect(url).createPrediction(request, { waitMs: 0 })));
    expect(requests).toHaveLength(1);
    expect(error).toMatchObject({
      status,
      tookEffect: status === 429 ? 'no' : 'unknown',
      retryAfterMs: status === 429 ? 3_600_000 : null,
    });
  });

  it('cannot know the outcome of one whose response cannot be read or breaks off', async () => {
    const html = await localServer((_request, response) => response.writeHead(200).end('<html>hello</html>'));
    const cut = await localServer((_request, response) => {
      response.writeHead(201, { 'content-length': '1000' });
      response.write('{"id":', () => response.destroy());
    });
    const other = await localServer((_request, response) => sendJson(response, 201, { id: 1 }));
    const create = (url: string) =>
      errorOf(lastValueFrom(connect(url).createPrediction(request, { waitMs: 0 })));
    expect(await create(html.url)).toMatchObject({ code: 'ERR_UNREADABLE_ANSWER', tookEffect: 'unknown' });
    expect(await create(other.url)).toMatchObject({ code: 'ERR_UNREADABLE_ANSWER', tookEffect: 'unknown' });
    expect(await create(cut.url)).toMatchObject({ code: 'ERR_CONNECTION_LOST', tookEffect: 'unknown' });
  });

  it('gives up after its time, without knowing the effect', async () => {
    const { url } = await localServer(() => {});
    const error = await errorOf(
      lastValueFrom(connect(url, { requestTimeoutMs: 20 }).createPrediction(request, { waitMs: 0 })),
    );
    expect(error).toMatchObject({ code: 'ERR_REQUEST_TIMEOUT', tookEffect: 'unknown' });
  });

  it('knows that nothing was made if no connection was made', async () => {
    const error = await errorOf(
      lastValueFrom(connect(await silentPort()).createPrediction(request, { waitMs: 0 })),
    );
    expect(error).toMatchObject({ code: 'ERR_NO_CONNECTION', tookEffect: 'no', recoverable: true });
  });

  it('knows that nothing was made if the protocol is wrong', async () => {
    const plain = await localServer((_request, response) => sendJson(response, 201, predictionAnswer));
    const secure = connect(plain.url.replace('http:', 'https:'));
    const error = await errorOf(lastValueFrom(secure.createPrediction(request, { waitMs: 0 })));
    expect(error).toMatchObject({ code: 'ERR_NO_CONNECTION', tookEffect: 'no', recoverable: true });
    expect(plain.requests).toEqual([]);
  });

  it('closes the connection when it is unsubscribed', async () => {
    let closed = false;
    const { url, requests } = await localServer((_request, response) => {
      response.socket?.once('close', () => {
        closed = true;
      });
    });
    const subscription = connect(url).createPrediction(request, { waitMs: 0 }).subscribe();
    await expect.poll(() => requests.length).toBe(1);
    subscription.unsubscribe();
    await expect.poll(() => closed).toBe(true);
  });

  it('follows no redirect, as the token is for this origin only', async () => {
    const elsewhere = await localServer((_request, response) => sendJson(response, 201, predictionAnswer));
    const { url } = await localServer((_request, response) =>
      response.writeHead(307, { location: elsewhere.url }).end(),
    );
    await errorOf(lastValueFrom(connect(url).createPrediction(request, { waitMs: 0 })));
    expect(elsewhere.requests).toEqual([]);
  });

  it('never shows the token, not even if the response repeats it', async () => {
    const { url } = await localServer((_request, response) =>
      sendJson(response, 401, { title: 'no', detail: `bad token ${token}`, status: 401 }),
    );
    const error = await errorOf(lastValueFrom(connect(url).createPrediction(request, { waitMs: 0 })));
    expect(error).toMatchObject({ code: 'ERR_UNAUTHENTICATED', stopsRun: true });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(token);
  });
});

describe('createReplicateProvider', () => {
  it.each(['', 'r8_a b', 'r8_a\n', 'r8_ä'])(
    'refuses a token that cannot be sent, without showing it: %j',
    (bad) => {
      const connectWith = () => createReplicateProvider({ token: bad });
      expect(connectWith).toThrow(UsageError);
      expect(connectWith).not.toThrow(/r8_/);
    },
  );

  it.each(['', 'api.replicate.com', 'ftp://a/b'])('refuses the base URL %j', (baseUrl) => {
    expect(() => createReplicateProvider({ token, baseUrl })).toThrow(UsageError);
  });

  it('never shows the token if a given fetch throws it', async () => {
    const leaky = () =>
      Promise.reject(Object.assign(new Error(`Bearer ${token}`), { request: { headers: { token } } }));
    const provider = connect('http://127.0.0.1:9', { fetch: leaky });
    const error = await errorOf(lastValueFrom(provider.getPrediction('abc')));
    expect(error.code).toBe('ERR_CONNECTION_LOST');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(token);
  });
});

describe('listPredictions', () => {
  it('asks once more if the local clock turns out to be ahead: predictions missing from the list would be paid again', async () => {
    const aheadMs = 3_600_000;
    const { url, requests } = await localServer((_request, response) =>
      sendJson(response, 200, { results: [], next: null }, { date: new Date().toUTCString() }),
    );
    const provider = connect(url, { now: () => Date.now() + aheadMs });
    const createdAfterMs = Date.parse('2026-01-01T01:00:00Z');
    await lastValueFrom(provider.listPredictions({ createdAfterMs }));
    const asked = requests.map(({ url: path }) =>
      Date.parse(new URL(path, url).searchParams.get('created_after') ?? ''),
    );
    expect(asked).toHaveLength(2);
    expect(asked[0]).toBe(createdAfterMs);
    expect(Math.abs((asked[1] ?? 0) - (createdAfterMs - aheadMs))).toBeLessThan(3_000);
    await lastValueFrom(provider.listPredictions({ createdAfterMs }));
    expect(requests).toHaveLength(3); // now it knows
  });

  it('asks for the whole hour if the time is in the future: the clock was set back since it was noted', async () => {
    const { url, requests } = await localServer((_request, response) =>
      sendJson(response, 200, { results: [], next: null }),
    );
    const nowMs = Date.parse('2026-01-01T01:00:00Z');
    const provider = connect(url, { now: () => nowMs });
    await lastValueFrom(provider.listPredictions({ createdAfterMs: nowMs + 400_000 }));
    const asked = new URL(requests[0]?.url ?? '', url).searchParams.get('created_after');
    expect(asked).toBe('2026-01-01T00:00:00.000Z');
  });

  it('reads item by item: odd ones are left out and counted, one with a new status is waited for', async () => {
    const odd = [null, 7, 'x', [], {}, { status: 'starting' }, { id: 'a' }, { id: '', status: 'starting' }];
    const { url } = await localServer((_request, response) =>
      sendJson(response, 200, {
        results: [...odd, predictionAnswer, { ...predictionAnswer, id: 'new', status: 'dreaming' }],
        next: null,
      }),
    );
    const page = await lastValueFrom(connect(url).listPredictions({ createdAfterMs: 0 }));
    expect(page).toMatchObject({ next: null, unreadable: odd.length, isComplete: false });
    expect(page.predictions.map(({ id, status }) => `${id} ${status}`)).toEqual([
      `${predictionAnswer.id} succeeded`,
      'new unknown',
    ]);
  });

  it('takes entries of every kind in a list', async () => {
    let results: unknown[] = [];
    const { url } = await localServer((_request, response) => sendJson(response, 200, { results }));
    const provider = connect(url);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), async (items) => {
        results = items;
        const { predictions, unreadable = 0 } = await lastValueFrom(
          provider.listPredictions({ createdAfterMs: 0 }),
        );
        expect(predictions.length + unreadable).toBe(items.length);
      }),
      { numRuns: 30 },
    );
  });

  it.each(['ftp://x/', 'file:///etc/passwd', 'javascript:alert(1)', 'https://[', '', 7, {}, true])(
    'ends a list as incomplete whose next page is at %j',
    async (next) => {
      const { url, requests } = await localServer((_request, response) =>
        sendJson(response, 200, { results: [predictionAnswer], next }),
      );
      const provider = connect(url);
      const page = await lastValueFrom(provider.listPredictions({ createdAfterMs: 0 }));
      // An empty address is that of the list itself.
      if (next !== '') expect(page).toMatchObject({ next: null, isComplete: false });
      if (next === 'ftp://x/') {
        const behind = await lastValueFrom(provider.listPredictions({ createdAfterMs: 0, next }));
        expect(behind).toEqual({ predictions: [], next: null, isComplete: false, leadsNowhere: true });
      }
      expect(requests).toHaveLength(1);
    },
  );

  it.each([
    ['behind the local one', -3_600_000, '2025-12-31T23:00:00Z'],
    // The header may be that of a gateway: a list that begins later could miss a prediction.
    ['ahead, by the header alone', 3_600_000, '2026-01-01T00:00:00Z'],
    ['days ahead, by the header alone', 3 * 86_400_000, '2026-01-03T00:00:00Z'],
  ])('asks from a moment, by the clock of the service: %s', async (_name, aheadMs, expected) => {
    const { url, requests } = await localServer((_request, response) =>
      sendJson(
        response,
        200,
        { results: [predictionAnswer], next: null },
        { date: new Date(Date.now() + aheadMs).toUTCString() },
      ),
    );
    const provider = connect(url);
    const page = await lastValueFrom(provider.listPredictions({ createdAfterMs: 0 }));
    expect(page).toMatchObject({ predictions: [{ id: predictionAnswer.id }], next: null });
    await lastValueFrom(provider.listPredictions({ createdAfterMs: Date.parse('2026-01-01T00:00:00Z') }));
    const asked = new URL(requests.at(-1)?.url ?? '', url).searchParams.get('created_after') ?? '';
    expect(Math.abs(Date.parse(asked) - Date.parse(expected))).toBeLessThan(3_000);
  });

  it('follows the next page as it is named, and with the token to our own origin only', async () => {
    const elsewhere = await localServer((_request, response) =>
      sendJson(response, 200, { results: [], next: null }),
    );
    const { url, requests } = await localServer((_request, response) =>
      sendJson(response, 200, { results: [], next: null }),
    );
    const provider = connect(url);
    await lastValueFrom(
      provider.listPredictions({ createdAfterMs: 0, next: `${url}/v1/predictions?cursor=abc%3D` }),
    );
    await lastValueFrom(
      provider.listPredictions({ createdAfterMs: 0, next: `${elsewhere.url}/v1/predictions?cursor=def` }),
    );
    await lastValueFrom(
      provider.listPredictions({
        createdAfterMs: 0,
        next: `${url.replace('//', '//user:word@')}/v1/predictions?cursor=ghi#x`,
      }),
    );
    await lastValueFrom(provider.listPredictions({ createdAfterMs: 0, next: '?cursor=jkl' }));
    expect(requests.map(({ url: path }) => path)).toEqual([
      '/v1/predictions?cursor=abc%3D',
      '/v1/predictions?cursor=def',
      '/v1/predictions?cursor=ghi',
      '/v1/predictions?cursor=jkl',
    ]);
    expect(elsewhere.requests).toEqual([]);
  });
});

describe('the other calls', () => {
  it('get and cancel by id, also in the shape of a response to cancel', async () => {
    const { url, requests } = await localServer(({ method }, response) =>
      sendJson(
        response,
        200,
        method === 'GET'
          ? predictionAnswer
          : {
              ...predictionAnswer,
              status: 'canceled',
              logs: null,
              output: undefined,
              webhook_completed: null,
            },
      ),
    );
    const provider = connect(url);
    expect(await lastValueFrom(provider.getPrediction('abc'))).toMatchObject({ status: 'succeeded' });
    expect(await lastValueFrom(provider.cancelPrediction('abc'))).toMatchObject({
      status: 'canceled',
      output: null,
      outputComplete: false,
    });
    expect(requests.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      'GET /v1/predictions/abc',
      'POST /v1/predictions/abc/cancel',
    ]);
  });

  it.each([
    ['a redirect', 302, {}],
    ['a conflict', 409, { detail: 'busy', status: 409 }],
    ['the page of a gateway', 403, { message: 'Forbidden' }],
  ])('can be repeated after %s: they do no harm', async (_name, status, body) => {
    const { url } = await localServer((_request, response) => sendJson(response, status, body));
    const provider = connect(url);
    for (const call of [provider.cancelPrediction('abc'), provider.getPrediction('abc')]) {
      expect(await errorOf(lastValueFrom(call))).toMatchObject({ code: 'ERR_REFUSED', recoverable: true });
    }
  });

  it('a failing GET is sent once and can be asked again', async () => {
    const { url, requests } = await localServer((_request, response) => sendJson(response, 503, {}));
    const error = await errorOf(lastValueFrom(connect(url).getPrediction('abc')));
    expect(error).toMatchObject({ code: 'ERR_SERVICE', recoverable: true, tookEffect: 'no' });
    await lastValueFrom(timer(5));
    expect(requests).toHaveLength(1);
  });

  it('a model comes with its schema, and so does a version of it', async () => {
    const openapi_schema = {
      components: {
        schemas: { Input: { properties: { prompt: { type: 'string' } }, required: ['prompt'] } },
      },
    };
    const { url, requests } = await localServer(({ url: path }, response) =>
      sendJson(
        response,
        200,
        path.includes('/versions/')
          ? { id: version, openapi_schema }
          : { is_official: true, latest_version: { id: version, openapi_schema } },
      ),
    );
    const expected = {
      name: 'owner/name',
      latestVersion: version,
      schema: { properties: { prompt: { type: 'string' } }, required: ['prompt'] },
    };
    expect(await lastValueFrom(connect(url).getModel('owner/name'))).toEqual({
      ...expected,
      isOfficial: true,
    });
    expect(await lastValueFrom(connect(url).getModel('owner/name', version))).toEqual({
      ...expected,
      latestVersion: null,
      isOfficial: null,
    });
    expect(requests[1]?.url).toBe(`/v1/models/owner/name/versions/${version}`);
  });
});
