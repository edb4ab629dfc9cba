import { createReadStream, existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { contentTypeOf } from '../../base/pictures.ts';
import { UsageError } from '../../errors.ts';
import { createRunCounter, runProgress } from '../../events/progress.ts';
import type { RunEvent } from '../../events/runEvent.ts';
import type { Outcome } from '../../types.ts';
import { createReport } from '../report/report.ts';
import { type GalleryJob, galleryJob, type LiveState } from './galleryData.ts';
import { galleryDocument, scriptJson } from './galleryPage.ts';
import { maxGalleryJobs, thumbnailPath } from './thumbnails.ts';

export interface LiveViewConfig {
  /** The run folder. */
  folder: string;
  /** 0: any free one. Default 0. */
  port?: number;
  /** What earlier runs have left in the folder. Default: nothing. */
  earlier?: AsyncIterable<Outcome>;
  /** How often pages are told of changes. Default 250. */
  everyMs?: number;
  /** Default asyncScheduler. */
  scheduler?: SchedulerLike;
}

/** A page on this machine that shows a run while it goes. */
export interface LiveView {
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string;
  onEvent(event: RunEvent): void;
  /** Tells the pages a last time and closes. */
  close(): Promise<void>;
}

/**
 * Serves the gallery of a run on loopback while the run goes: pages get what is there when they are loaded, and changes as
 * server-sent events, so they survive a reload. Read-only, and only for who calls it by a name of this machine (a foreign page
 * cannot reach it by rebinding its own name). Rejects with `UsageError` where the port is taken.
 */
export async function openLiveView(config: LiveViewConfig): Promise<LiveView> {
  const { folder, port = 0, earlier = none(), everyMs = 250, scheduler = asyncScheduler } = config;
  const name = basename(folder);
  const jobs = liveJobs(folder);
  const report = createReport();
  const counter = createRunCounter(() => scheduler.now());
  const startedAtMs = scheduler.now();
  let isOver = false;
  for await (const outcome of earlier) {
    jobs.add(outcome);
    report.add(outcome);
  }
  const state = (): LiveState => {
    const { total, done, failed, costUsd, ratePerMinute, etaMs } = runProgress(
      counter.counts(),
      scheduler.now(),
    );
    return { version: jobs.version, total, done, failed, costUsd, ratePerMinute, leftMs: etaMs, isOver };
  };
  const server = Fastify({ forceCloseConnections: true });
  server.addHook('onRequest', guard);
  server.get('/', (_request, reply) => {
    const { head, foot } = galleryDocument(name, { isLive: true });
    const numbers = report.toJSON({ elapsedMs: scheduler.now() - startedAtMs });
    const data = { name, report: numbers, jobs: jobs.since(0), live: state() };
    return reply.type('text/html; charset=utf-8').send(`${head}${scriptJson(data)}${foot}`);
  });
  // Browsers ask for it by themselves.
  server.get('/favicon.ico', (_request, reply) => reply.code(204).send());
  const open = new Set<Listener>();
  server.get<{ Querystring: { since?: string } }>('/events', (request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    let known = Number(request.headers['last-event-id'] ?? request.query.since ?? 0) || 0;
    let told = '';
    const tell = () => {
      const live = state();
      const text = JSON.stringify({ live, jobs: jobs.since(known) });
      // A page that cannot keep up gets fewer, not later, news.
      if (text === told || raw.writableNeedDrain) return;
      raw.write(`id: ${live.version}\ndata: ${text}\n\n`);
      known = live.version;
      told = JSON.stringify({ live, jobs: [] });
    };
    const end = () => new Promise<void>((done) => raw.end(done));
    const listener: Listener = { tell, end };
    open.add(listener);
    raw.once('close', () => open.delete(listener));
    tell();
  });
  server.get<{ Params: { '*': string } }>('/*', (request, reply) =>
    sendPicture(reply, folder, request.params['*'], jobs.isPicture),
  );
  try {
    await server.listen({ port, host: '127.0.0.1' });
  } catch (cause) {
    throw new UsageError(`Expected a free port for --watch, got ${port}`, {
      suggestion: 'Choose another, or leave the number out for any free one.',
      cause,
    });
  }
  const beat = scheduler.schedule(function (this) {
    for (const { tell } of open) tell();
    this.schedule(undefined, everyMs);
  }, everyMs);
  const { port: actualPort } = server.server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actualPort}/`,
    onEvent(event) {
      counter.onEvent(event);
      jobs.onEvent(event);
      if ('outcome' in event) report.add(event.outcome);
      if (event.type === 'run.completed') isOver = true;
    },
    async close() {
      beat.unsubscribe();
      for (const { tell } of open) tell();
      // The last news must not be cut off; but nobody waits for a page that does not listen.
      const told = Promise.all([...open].map(({ end }) => end()));
      await Promise.race([told, new Promise((done) => setTimeout(done, 500).unref())]);
      await server.close();
    },
  };
}

/** A page that is open. */
interface Listener {
  tell(): void;
  end(): Promise<void>;
}

async function* none(): AsyncGenerator<Outcome> {}

/** Names by which this machine calls itself. */
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
  return reply.code(403).type('text/plain').send('Expected to be called by a name of this machine.');
}

async function sendPicture(
  reply: FastifyReply,
  folder: string,
  path: string,
  isPicture: (path: string) => boolean,
): Promise<FastifyReply> {
  const file = join(folder, path);
  const stats = isPicture(path) ? await stat(file).catch(() => null) : null;
  if (stats === null) return reply.code(404).type('text/plain').send('Expected a picture of the run.');
  const extension = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  // What a model made may be a document with a script.
  reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  reply.header('content-length', stats.size);
  return reply.type(contentTypeOf(extension)).send(createReadStream(file));
}

/** The jobs of a run as a page shows them while it goes: as many as a gallery shows. */
interface LiveJobs {
  /** Notes what an event says of a job. */
  onEvent(event: RunEvent): void;
  /** Notes what an earlier run left. */
  add(outcome: Outcome): void;
  /** In input order; those that have changed since a version. */
  since(version: number): GalleryJob[];
  /** Of the newest change. */
  readonly version: number;
  /** Whether this is the path, relative to the run folder, of a picture that a job has. */
  isPicture(path: string): boolean;
}

/** Keeps what a page shows of the jobs of the run in a folder. */
function liveJobs(folder: string): LiveJobs {
  const jobs = new Map<number, { readonly job: GalleryJob; readonly version: number }>();
  const pictures = new Set<string>();
  let version = 0;
  const thumbnails = {
    pathOf: (original: Outcome['files'][number]) => {
      const path = thumbnailPath(original);
      return path === original.path || existsSync(join(folder, path)) ? path : null;
    },
  };
  const put = (job: GalleryJob): void => {
    if (job.index >= maxGalleryJobs) return;
    version += 1;
    jobs.set(job.index, { job, version });
    for (const { path, thumb } of job.files ?? []) {
      pictures.add(path);
      if (thumb !== undefined) pictures.add(thumb);
    }
  };
  const add = (outcome: Outcome): void => put(galleryJob(outcome, thumbnails));
  return {
    add,
    onEvent(event) {
      if ('outcome' in event) add(event.outcome);
      else if (event.type === 'prediction.creating') {
        const { index, prompt, model, attempt } = event;
        put({ index, prompt, model, attempts: attempt, status: 'running' });
      }
    },
    since: (known) =>
      [...jobs.values()]
        .filter((entry) => entry.version > known)
        .map(({ job }) => job)
        .sort((a, b) => a.index - b.index),
    get version() {
      return version;
    },
    isPicture: (path) => pictures.has(path),
  };
}
