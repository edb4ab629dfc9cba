import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import type { SchedulerLike } from 'rxjs';
import { createIndexSet } from '../../base/indexSet.ts';
import { monotonicScheduler } from '../../base/monotonicScheduler.ts';
import { contentTypeOf } from '../../base/pictures.ts';
import { isSimulated } from '../../base/service.ts';
import { messageOf } from '../../base/text.ts';
import { insideFolder } from '../../disk/insideFolder.ts';
import { UsageError } from '../../errors.ts';
import { createRunCounter, runProgress } from '../../events/progress.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import type { Outcome } from '../../types.ts';
import { createReport } from '../report/report.ts';
import type { LiveState } from './galleryData.ts';
import { galleryDocument, scriptJson } from './galleryPage.ts';
import { createLiveControls, type LiveControls } from './liveControls.ts';
import { liveJobs } from './liveJobs.ts';

export interface LiveViewConfig {
  /** The run folder. */
  folder: string;
  /** Port to listen on; 0 for any free one. Default 0. */
  port?: number;
  /** Name of the service. Default: none. */
  service?: string | null;
  /** Outcomes of earlier runs in the folder. Default: none. */
  earlier?: AsyncIterable<Outcome>;
  /** Interval between updates of open pages. Default 250. */
  everyMs?: number;
  /** Clock of the updates. Default monotonicScheduler. */
  scheduler?: SchedulerLike;
  /** Secret of those who may pause and cancel the run. Default: 32 random hex digits. */
  token?: string;
}

/** A page on this machine that shows a run live, and pauses or cancels it. */
export interface LiveView extends Pick<LiveControls, 'paused' | 'cancel'> {
  /** `http://127.0.0.1:PORT/`: the page that only shows the run. */
  readonly url: string;
  /** The same with the token, as `?token=…`: the page that pauses and cancels it too. */
  readonly controlUrl: string;
  onEvent(event: RunEvent): void;
  /** Sends the last update to open pages, waits for them at most 500 ms, and closes the server. */
  close(): Promise<void>;
}

/**
 * Serves the gallery of a run on loopback during the run. A page contains the jobs so far when it
 * loads and receives changes as server-sent events, so you can reload it at any time. It pauses and
 * cancels the run if a request has the token of `controlUrl`, and is read-only else. Accepts only
 * requests whose Host header names this machine (a foreign page cannot reach it by DNS rebinding).
 * Rejects with `UsageError` if it cannot listen on the port.
 */
export async function openLiveView(config: LiveViewConfig): Promise<LiveView> {
  const { folder, port = 0, earlier = none(), everyMs = 250, scheduler = monotonicScheduler } = config;
  const { service = null, token = randomBytes(16).toString('hex') } = config;
  const simulated = isSimulated(service) ? ({ isSimulated: true } as const) : {};
  const name = basename(folder);
  const jobs = liveJobs(folder, simulated);
  const report = createReport({ service });
  const counter = createRunCounter(() => scheduler.now());
  const startedAtMs = scheduler.now();
  const controls = createLiveControls(token);
  let isOver = false;
  const savedBefore = createIndexSet();
  for await (const outcome of earlier) {
    jobs.add(outcome);
    // Other jobs end in this run, with their cost so far.
    if (outcome.status !== 'saved') continue;
    report.add(outcome);
    savedBefore.add(outcome.index);
  }
  /** True if the report has the job of an event, which adds nothing but files to it. */
  const isCounted = (event: Extract<RunEvent, { readonly outcome: Outcome }>): boolean =>
    savedBefore.has(event.outcome.index) && (event.outcome.costUsd === 0 || 'paidBefore' in event);
  const state = (): LiveState => {
    const { total, done, failed, costUsd, ratePerMinute, etaMs } = runProgress(
      counter.counts(),
      scheduler.now(),
    );
    const counts = { total, done, failed, costUsd, ratePerMinute, leftMs: etaMs };
    return { version: jobs.version, ...counts, isOver, ...controls.state() };
  };
  const server = Fastify({ forceCloseConnections: true });
  server.addHook('onRequest', guard);
  server.get('/', (_request, reply) => {
    const { head, foot } = galleryDocument(name, { isLive: true });
    const numbers = report.toJSON({ elapsedMs: scheduler.now() - startedAtMs });
    const data = { name, folder, ...simulated, report: numbers, jobs: jobs.since(0), live: state() };
    return reply.type('text/html; charset=utf-8').send(`${head}${scriptJson(data)}${foot}`);
  });
  // Browsers request it by themselves.
  server.get('/favicon.ico', (_request, reply) => reply.code(204).send());
  const open = new Set<Listener>();
  server.get<{ Querystring: { since?: string } }>('/events', (request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    let known = Number(request.headers['last-event-id'] ?? request.query.since ?? 0) || 0;
    let sent = '';
    const send = () => {
      const live = state();
      const text = JSON.stringify({ live, jobs: jobs.since(known) });
      // A page that cannot keep up gets fewer updates, not later ones.
      if (text === sent || raw.writableNeedDrain) return;
      raw.write(`id: ${live.version}\ndata: ${text}\n\n`);
      known = live.version;
      sent = JSON.stringify({ live, jobs: [] });
    };
    const end = () => new Promise<void>((done) => raw.end(done));
    const listener: Listener = { send, end };
    open.add(listener);
    raw.once('close', () => open.delete(listener));
    send();
  });
  controls.serve(server);
  server.get<{ Params: { '*': string } }>('/*', (request, reply) =>
    sendImage(reply, folder, request.params['*'], jobs.isImage),
  );
  try {
    await server.listen({ port, host: '127.0.0.1' });
  } catch (cause) {
    throw new UsageError(`Cannot serve --watch on port ${port}: ${messageOf(cause)}`, {
      suggestion: 'Choose another port, or leave out the number to use any free one.',
      cause,
    });
  }
  const beat = scheduler.schedule(function (this) {
    for (const { send } of open) send();
    this.schedule(undefined, everyMs);
  }, everyMs);
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/`;
  return {
    url,
    controlUrl: `${url}?token=${token}`,
    paused: controls.paused,
    cancel: controls.cancel,
    onEvent(event) {
      counter.onEvent(event);
      jobs.onEvent(event);
      if ('outcome' in event && !isCounted(event)) report.add(event.outcome);
      if (event.type === 'run.completed') isOver = true;
    },
    async close() {
      beat.unsubscribe();
      for (const { send } of open) send();
      // The last update must reach the pages, but a page that does not read must not block the end.
      const ended = Promise.all([...open].map(({ end }) => end()));
      await Promise.race([ended, new Promise((done) => setTimeout(done, 500).unref())]);
      await server.close();
    },
  };
}

/** The connection of an open page. */
interface Listener {
  /** Sends the changes since the last update, if there are any. */
  send(): void;
  end(): Promise<void>;
}

async function* none(): AsyncGenerator<Outcome> {}

/** Host names of this machine. */
const localNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

async function guard(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  reply.headers({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'cache-control': 'no-store',
  });
  if (localNames.has((request.headers.host ?? '').replace(/:\d+$/, ''))) return undefined;
  return reply.code(403).type('text/plain').send('Use 127.0.0.1 or localhost as the host name.');
}

async function sendImage(
  reply: FastifyReply,
  folder: string,
  path: string,
  isImage: (path: string) => boolean,
): Promise<FastifyReply> {
  const file = isImage(path) ? fileInside(folder, path) : null;
  const stats = file === null ? null : await stat(file).catch(() => null);
  if (file === null || stats === null)
    return reply.code(404).type('text/plain').send('This run has no such image.');
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  // An output may be a document with a script, such as SVG.
  reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  reply.header('content-length', stats.size);
  return reply.type(contentTypeOf(extension)).send(createReadStream(file));
}

/** Returns the absolute path of an image; null if it does not lie in the folder. */
function fileInside(folder: string, path: string): string | null {
  try {
    return insideFolder(folder, path);
  } catch {
    return null;
  }
}
