import type { Chance } from '../world/chance.ts';
import type { Machine } from '../world/machine.ts';
import type { Process, Timeline } from '../world/timeline.ts';
import type { WorldConfig } from '../world/worldConfig.ts';
import type { Answer } from './bucket.ts';
import type { Arrival, Service } from './service.ts';

/**
 * The latest that a request arrives after its connection broke: well within the documented limit.
 */
const MOST_LATE_MS = 20_000;

interface NetworkParts {
  readonly machine: Machine;
  readonly service: Service;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly config: WorldConfig;
  readonly log: (line: string) => void;
}

/** A create request as its process saw it. True times. */
export interface Sent {
  readonly process: number;
  readonly atMs: number;
  /** When the process had its response, or lost it; null if it ended before. */
  overMs: number | null;
  /** The prediction in its response; null if it had none, or that of another request. */
  id: string | null;
  wasThrottled: boolean;
}

/** The fate of a request. */
type Fate =
  | 'arrives'
  | 'refused'
  | 'lostThere'
  | 'lostBack'
  | 'late'
  | 'gatewayBefore'
  | 'gatewayAfter'
  | 'unreadable'
  | 'foreign'
  | 'silent';

export interface Network {
  readonly fetch: typeof fetch;
  /** All create requests that left the machine, or tried to. */
  readonly sent: readonly Sent[];
}

/** Creates the network of the machine: requests travel, and may get lost either way. */
export function createNetwork(parts: NetworkParts): Network {
  const { machine, service, timeline, chance, config, log } = parts;
  const fateOf = (isCreate: boolean): Fate => {
    const { faults, outage } = config;
    const { nowMs } = timeline;
    const way = isCreate ? 'create' : 'read';
    const has = (kind: string, rate: number) => chance.strikes(`${way}.${kind}`, rate);
    if (outage !== null && nowMs >= outage[0] && nowMs < outage[1])
      return chance.whole('outage.way', 0, 1) === 0 ? 'refused' : 'gatewayBefore';
    if (has('refused', faults.refused)) return 'refused';
    if (!isCreate) return has('lost', faults.lostRead) ? 'lostBack' : 'arrives';
    if (has('lostThere', faults.lostThere)) return 'lostThere';
    if (has('lostBack', faults.lostBack)) return 'lostBack';
    if (has('late', faults.arrivesLate)) return 'late';
    if (has('gatewayBefore', faults.gateway / 2)) return 'gatewayBefore';
    if (has('gatewayAfter', faults.gateway / 2)) return 'gatewayAfter';
    if (has('unreadable', faults.unreadable)) return 'unreadable';
    if (has('foreign', faults.foreign)) return 'foreign';
    return has('silent', faults.silent) ? 'silent' : 'arrives';
  };
  const all: Sent[] = [];
  const send: typeof fetch = (input, init) =>
    new Promise((resolve, reject) => {
      try {
        machine.contact();
      } catch {
        return;
      }
      const { process } = machine as { process: Process };
      const url = new URL(input instanceof Request ? input.url : input);
      const arrival: Arrival = {
        method: init?.method ?? 'GET',
        url,
        headers: new Headers(init?.headers),
        body: typeof init?.body === 'string' ? JSON.parse(init.body) : {},
        process: process.number,
      };
      const isCreate = arrival.method === 'POST' && !url.pathname.endsWith('/cancel');
      const what = `${arrival.method} ${url.pathname}`;
      const fate = fateOf(isCreate);
      const sent: Sent = {
        process: process.number,
        atMs: timeline.nowMs,
        overMs: null,
        id: null,
        wasThrottled: false,
      };
      if (isCreate) all.push(sent);
      const respond = (answer: Answer, afterMs: number) =>
        timeline.after(afterMs, process, () => {
          sent.overMs ??= timeline.nowMs;
          sent.wasThrottled = answer.status === 429;
          resolve(responseOf(answer, service, timeline));
        });
      const breakOff = (afterMs: number) =>
        timeline.after(afterMs, process, () => {
          sent.overMs ??= timeline.nowMs;
          reject(lost(fate === 'refused'));
        });
      const { signal } = init ?? {};
      const abort = () => {
        sent.overMs ??= timeline.nowMs;
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      const travelMs = () => chance.between('network.ms', 1, 60);
      const arrive = (afterMs: number, then: (answer: Answer) => void) =>
        timeline.after(afterMs, null, () => {
          const answer = service.handle(arrival);
          const made = answer.late?.() as { id?: string } | undefined;
          log(
            `${what} arrives: ${answer.status}${made?.id === undefined ? '' : ` makes ${made.id}`}${asked(arrival)}`,
          );
          timeline.at(answer.atMs ?? 0, null, () => then(answer));
        });
      if (fate !== 'arrives') log(`${what} of process ${process.number}: ${fate}`);
      switch (fate) {
        case 'refused':
        case 'lostThere':
          breakOff(travelMs());
          return;
        case 'late':
          breakOff(travelMs());
          arrive(travelMs() + chance.between('network.late', 0, MOST_LATE_MS), () => {});
          return;
        case 'silent':
          arrive(travelMs(), () => {});
          return;
        case 'gatewayBefore':
          respond(gatewayPage(chance), travelMs());
          return;
        case 'lostBack':
          arrive(travelMs(), () => breakOff(travelMs()));
          return;
        case 'gatewayAfter':
          arrive(travelMs(), () => respond(gatewayPage(chance), travelMs()));
          return;
        case 'unreadable':
          arrive(travelMs(), (answer) => respond({ ...answer, late: () => '{"id":"p' }, travelMs()));
          return;
        case 'foreign': {
          const other = service.made[chance.whole('foreign.which', 0, service.made.length - 1)];
          arrive(travelMs(), (answer) => {
            const body = other === undefined ? answer.body : service.shown(other);
            respond({ ...answer, late: () => body }, travelMs());
          });
          return;
        }
        case 'arrives':
          arrive(travelMs(), (answer) => {
            const body = answer.late?.() ?? answer.body;
            respond({ ...answer, late: () => body }, travelMs());
            if (answer.status < 300) sent.id = (body as { id?: string }).id ?? null;
          });
      }
    });
  return { fetch: send, sent: all };
}

function asked({ method, body }: Arrival): string {
  const prompt = (body.input as { prompt?: string } | undefined)?.prompt;
  return method === 'POST' && prompt !== undefined ? ` for "${prompt}"` : '';
}

/** A page of a gateway, or of a filter on the way: it proves nothing. */
function gatewayPage(chance: Chance): Answer {
  const status = chance.pick('gateway.status', [502, 502, 503, 504, 403, 404, 422, 302]);
  const headers = { 'content-type': 'text/html' };
  return { status, body: null, late: () => `<html><body>${status} of a gateway</body></html>`, headers };
}

/** As much of a response as the project and the official client read: a real one takes longer. */
function responseOf(
  { status, body, late, headers = {} }: Answer,
  service: Service,
  timeline: Timeline,
): Response {
  const content = late?.() ?? body;
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const date = new Date(service.serviceMs(timeline.nowMs) + service.gatewayAheadMs).toUTCString();
  const response = {
    status,
    ok: status < 300,
    headers: new Headers({ date, ...headers }),
    text: async () => text,
    json: async () => JSON.parse(text),
  };
  return response as unknown as Response;
}

/** The error of `fetch` for a connection that broke, or was never made. */
function lost(isRefused: boolean): TypeError {
  const cause = isRefused
    ? Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' })
    : Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
  return new TypeError('fetch failed', { cause });
}
