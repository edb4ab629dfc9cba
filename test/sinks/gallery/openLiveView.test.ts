import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import type { RunEvent } from '../../../src/events/runEvent.ts';
import { type LiveView, openLiveView } from '../../../src/sinks/gallery/liveView.ts';
import type { Outcome } from '../../../src/types.ts';
import { anOutcome } from '../../helpers/anOutcome.ts';

let folder = '';
let view: LiveView;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rxposure-live-'));
  await mkdir(join(folder, 'web'));
  await writeFile(join(folder, 'web/1.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  await writeFile(join(folder, 'run.sqlite'), 'secret');
  view = await openLiveView({ folder, everyMs: 5, earlier: some([picture(0)]) });
  view.onEvent(started);
});
afterEach(async () => {
  await view.close();
  await rm(folder, { recursive: true, force: true });
});

const started: RunEvent = { type: 'run.started', folder: '/x', total: 3, alreadySaved: 1, concurrency: 2 };
const creating: RunEvent = {
  type: 'prediction.creating',
  index: 1,
  prompt: '</script><script>alert(1)</script>',
  model: 'owner/name',
  attempt: 1,
};
async function* some(outcomes: readonly Outcome[]) {
  yield* outcomes;
}
function picture(index: number): Outcome {
  const file = { role: 'original', name: 'original', path: 'web/1.svg', width: 8, height: 8 } as const;
  return anOutcome({ index, files: [{ ...file, format: 'svg', bytes: 41, sha256: 'a'.repeat(64) }] });
}

/** Sends a request with a Host header and returns the response. */
function ask(path: string, { host = new URL(view.url).host, method = 'GET' } = {}) {
  return new Promise<{ status: number | undefined; type: string; text: string }>((done, fail) => {
    const { port } = new URL(view.url);
    request({ host: '127.0.0.1', port, path, method, headers: { host } }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        done({ status: response.statusCode, type: response.headers['content-type'] ?? '', text }),
      );
    })
      .on('error', fail)
      .end();
  });
}

interface Update {
  readonly jobs: readonly { readonly index: number; readonly status: string }[];
  readonly live: object;
}

/** Changes as a page gets them, until `count` jobs have come. */
async function changes(since: number, count: number, onUpdate = (_update: Update) => {}): Promise<Update[]> {
  const controller = new AbortController();
  const response = await fetch(`${view.url}events?since=${since}`, { signal: controller.signal });
  const updates: Update[] = [];
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const messages = text.split('\n\n');
    text = messages.pop() ?? '';
    for (const message of messages) {
      const update: Update = JSON.parse(message.replace(/^id: \d+\ndata: /, ''));
      updates.push(update);
      onUpdate(update);
    }
    if (updates.flatMap(({ jobs }) => jobs).length >= count) break;
  }
  controller.abort();
  return updates;
}

it('serves the page with the jobs so far, escaped', async () => {
  view.onEvent(creating);
  const { status, type, text } = await ask('/');
  expect([status, type]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).toContain("connect-src 'self'");
  expect(text).not.toContain('<script>alert(1)');
  const [, json = ''] = /id="data">(.*?)<\/script>/s.exec(text) ?? [];
  const { jobs, live } = JSON.parse(json);
  expect(jobs).toMatchObject([
    { index: 0, status: 'saved' },
    { index: 1, status: 'running' },
  ]);
  expect(live).toMatchObject({ total: 3, done: 1, version: 2, isOver: false });
});

it('counts each job once in its report, those of earlier runs too', async () => {
  await view.close();
  const error = { name: 'E', code: 'ERR_X', message: 'm', recoverable: true, suggestion: '' };
  const failed = anOutcome({ index: 1, status: 'failed', costUsd: 0.001, error });
  view = await openLiveView({ folder, everyMs: 5, earlier: some([picture(0), failed]) });
  view.onEvent(started);
  view.onEvent({ type: 'image.saved', outcome: picture(0), paidBefore: true });
  view.onEvent({ type: 'image.saved', outcome: picture(1) });
  const [, json = ''] = /id="data">(.*?)<\/script>/s.exec((await ask('/')).text) ?? [];
  expect(JSON.parse(json).report).toMatchObject({ total: 2, saved: 2, failed: 0, costUsd: 0.006 });
});

it('sends the changes since a version, and then new ones', async () => {
  view.onEvent(creating);
  // A running job is sent before it is saved.
  const updates = await changes(1, 2, ({ jobs }) => {
    if (jobs.some(({ status }) => status === 'running')) {
      view.onEvent({ type: 'image.saved', outcome: picture(1) });
    }
  });
  expect(updates.flatMap(({ jobs }) => jobs.map(({ index, status }) => `${index} ${status}`))).toEqual([
    '1 running',
    '1 saved',
  ]);
  expect(updates.at(-1)?.live).toMatchObject({ done: 2, costUsd: 0.003 });
});

it('sends a reconnected page everything that it missed', async () => {
  view.onEvent(creating);
  view.onEvent({ type: 'image.saved', outcome: picture(1) });
  view.onEvent({ type: 'image.saved', outcome: picture(2) });
  const [update] = await changes(1, 2);
  expect(update?.jobs.map(({ index }) => index)).toEqual([1, 2]);
});

it('reports that the run is over', async () => {
  const totals = {
    total: 3,
    saved: 2,
    failed: 0,
    skipped: 0,
    alreadySaved: 1,
    costUsd: 0,
    costIncomplete: false,
  };
  view.onEvent({ type: 'run.completed', totals, elapsedMs: 1 });
  const [update] = await changes(0, 1);
  expect(update?.live).toMatchObject({ isOver: true });
});

it('serves images of the run, sandboxed, and nothing else of the folder', async () => {
  const picture = await fetch(`${view.url}web/1.svg`);
  expect(picture.status).toBe(200);
  expect(picture.headers.get('content-type')).toBe('image/svg+xml');
  expect(picture.headers.get('content-security-policy')).toContain('sandbox');
  for (const path of [
    '/run.sqlite',
    '/web/../run.sqlite',
    '/%2e%2e/etc/passwd',
    '/web%2f..%2frun.sqlite',
    '/..',
  ]) {
    expect((await ask(path)).status, path).toBe(404);
  }
});

it.each(['evil.example', '127.0.0.1.evil.example:80', 'localhost.'])(
  'refuses requests for the host name %j',
  async (host) => {
    expect((await ask('/', { host })).status).toBe(403);
    expect((await ask('/events', { host })).status).not.toBe(200);
  },
);

it('accepts the host names of this machine, and only GET', async () => {
  const { port } = new URL(view.url);
  expect((await ask('/', { host: `localhost:${port}` })).status).toBe(200);
  expect((await ask('/', { method: 'POST' })).status).toBe(404);
});

it('rejects if its port is taken', async () => {
  const port = Number(new URL(view.url).port);
  const opening = openLiveView({ folder, port });
  await expect(opening).rejects.toThrow(UsageError);
  await expect(opening).rejects.toThrow(/^Cannot serve --watch on port \d+: .*EADDRINUSE/);
});

it('pauses, resumes and cancels only with the token', async () => {
  const paused: boolean[] = [];
  const cancelled: unknown[] = [];
  const watching = view.paused.subscribe((value) => paused.push(value));
  watching.add(view.cancel.subscribe(() => cancelled.push('cancel')));
  const token = new URL(view.controlUrl).searchParams.get('token') ?? '';
  expect(token).toMatch(/^[0-9a-f]{32}$/);
  const post = async (action: string, headers: Record<string, string>) =>
    (await fetch(`${view.url}${action}`, { method: 'POST', headers })).status;
  expect(await post('pause', {})).toBe(403);
  expect(await post('cancel', { 'x-rxposure-token': token.replace(/./, 'x') })).toBe(403);
  expect(await post(`cancel?token=${token}`, {})).toBe(403);
  expect((await ask('/pause')).status).toBe(404);
  expect(await post('pause', { 'x-rxposure-token': token })).toBe(204);
  const [update] = await changes(0, 1);
  expect(update?.live).toMatchObject({ isPaused: true, isCancelled: false });
  expect(await post('resume', { 'x-rxposure-token': token })).toBe(204);
  expect(await post('cancel', { 'x-rxposure-token': token })).toBe(204);
  watching.unsubscribe();
  expect([paused, cancelled]).toEqual([[false, true, false], ['cancel']]);
});
