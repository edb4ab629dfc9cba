import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { BehaviorSubject, type Observable, ReplaySubject } from 'rxjs';
import type { LiveState } from './galleryData.ts';

/** The header with the token: a page of another origin cannot send it unasked. */
const TOKEN_HEADER = 'x-rxposure-token';

/** Pause and cancellation of a run, by those who have its token. */
export interface LiveControls {
  /** Emits at once and after each change: true while the run is paused. */
  readonly paused: Observable<boolean>;
  /** Emits once the run is cancelled. */
  readonly cancel: Observable<void>;
  state(): Pick<LiveState, 'isPaused' | 'isCancelled'>;
  /** Adds `POST /pause`, `/resume` and `/cancel`; without the token they respond with 403. */
  serve(server: FastifyInstance): void;
}

/** Creates the controls of a run. */
export function createLiveControls(token: string): LiveControls {
  const paused = new BehaviorSubject(false);
  const cancel = new ReplaySubject<void>(1);
  let isCancelled = false;
  const actions = {
    pause: () => paused.next(true),
    resume: () => paused.next(false),
    cancel: () => {
      isCancelled = true;
      cancel.next();
    },
  } as const;
  return {
    paused,
    cancel,
    state: () => ({ isPaused: paused.value, isCancelled }),
    serve(server) {
      for (const [name, act] of Object.entries(actions)) {
        server.post(`/${name}`, (request, reply) => {
          if (!isSame(request.headers[TOKEN_HEADER], token))
            return reply.code(403).type('text/plain').send('Use the whole URL that the run has printed.');
          act();
          return reply.code(204).send();
        });
      }
    },
  };
}

function isSame(given: unknown, token: string): boolean {
  if (typeof given !== 'string') return false;
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}
