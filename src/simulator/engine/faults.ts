import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { SimulatedPrediction, WebhookEvent } from './simulatedPrediction.ts';

/** Something that goes wrong with one call. */
export type Fault =
  /** The connection is reset without an answer. */
  | { readonly type: 'reset'; readonly delayMs?: number }
  /** Another answer than the right one. */
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly delayMs?: number;
    }
  /** The right answer, this much later. */
  | { readonly type: 'delay'; readonly delayMs: number };

/** Something that goes wrong with the download of one file. `share` is a part of its bytes, 0…1. */
export type FileFault =
  | Fault
  /** The connection breaks off after this part of the body. */
  | { readonly type: 'cut'; readonly share: number }
  /** The body ends early as if all were well: only the file itself tells that its end is missing. */
  | { readonly type: 'truncate'; readonly share: number }
  /** After this part nothing more comes, and the connection stays open. */
  | { readonly type: 'stall'; readonly share: number }
  /** The body comes piece by piece over this time. */
  | { readonly type: 'slow'; readonly durationMs: number };

/** Something that goes wrong with one webhook. */
export type WebhookFault =
  /** It is never sent. */
  | { readonly type: 'drop' }
  /** It is sent twice, with the same id. */
  | { readonly type: 'repeat' }
  /** It is sent this much later, so that others may overtake it. */
  | { readonly type: 'delay'; readonly delayMs: number };

/** Where things can go wrong. Each function is asked once a call; null means that all goes well. */
export interface SimulatorFaults {
  /** Part of the predictions that fail by themselves, 0…1, chosen by the simulator's seed. Default 0. */
  predictionFailureRate?: number;
  /** Before a create has taken effect: nothing is made if it does not go through. */
  beforeCreate?: (wanted: WantedPrediction) => Fault | null;
  /** After a create has taken effect: the prediction runs, whatever the client gets to see. */
  afterCreate?: (prediction: Readonly<SimulatedPrediction>) => Fault | null;
  onGet?: (prediction: Readonly<SimulatedPrediction>) => Fault | null;
  onList?: () => Fault | null;
  /** For the file at this place of the output, 0 the first. */
  onFile?: (prediction: Readonly<SimulatedPrediction>, place: number) => FileFault | null;
  onWebhook?: (prediction: Readonly<SimulatedPrediction>, event: WebhookEvent) => WebhookFault | null;
  /** The error text that a prediction ends with; null where it succeeds. */
  onOutcome?: (prediction: Readonly<SimulatedPrediction>) => string | null;
  /** How long input, output and files are kept after the end, in real ms; null: as long as those of all others. */
  lifetimeMs?: (prediction: Readonly<SimulatedPrediction>) => number | null;
}

/** A prediction that is about to be made. */
export interface WantedPrediction {
  /** `owner/name`. */
  readonly model: string;
  readonly input: Readonly<Record<string, unknown>>;
}

interface Problem {
  readonly status: number;
  /** Some kinds of error have none. */
  readonly title?: string;
  readonly detail: string;
  readonly [extension: string]: unknown;
}

/** Answers with problem+json. */
export function problem(reply: FastifyReply, body: Problem): FastifyReply {
  return reply.code(body.status).type('application/problem+json').send(JSON.stringify(body));
}

/** Lets a fault have its way; resolves with whether the call has been answered, or ended, by it. */
export async function applyFault(fault: Fault | null, reply: FastifyReply): Promise<boolean> {
  if (fault === null) return false;
  if (fault.delayMs !== undefined) await sleep(fault.delayMs, undefined, { ref: false });
  switch (fault.type) {
    case 'delay':
      return false;
    case 'reset':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return true;
    case 'answer':
      await reply
        .code(fault.status)
        .headers(fault.headers ?? {})
        .send(fault.body);
      return true;
  }
}

const PIECES = 10;

/** Sends a file in a way that it should not be sent in. */
export async function spoilFile(
  reply: FastifyReply,
  file: Buffer,
  fault: Exclude<FileFault, Fault>,
): Promise<FastifyReply> {
  const type = String(reply.getHeader('content-type'));
  reply.hijack();
  const { raw } = reply;
  if (fault.type === 'truncate') {
    // Without a content length: nothing but the file itself tells that its end is missing.
    raw.writeHead(200, { 'content-type': type });
    raw.end(startOf(file, fault.share));
    return reply;
  }
  raw.writeHead(200, { 'content-type': type, 'content-length': file.length });
  if (fault.type === 'slow') {
    for (let piece = 0; piece < PIECES && !raw.destroyed; piece += 1) {
      await sleep(fault.durationMs / PIECES, undefined, { ref: false });
      raw.write(file.subarray((piece * file.length) / PIECES, ((piece + 1) * file.length) / PIECES));
    }
    raw.end();
    return reply;
  }
  raw.write(startOf(file, fault.share), () => {
    if (fault.type === 'cut') raw.destroy();
  });
  return reply;
}

function startOf(file: Buffer, share: number): Buffer {
  return file.subarray(0, Math.floor(file.length * share));
}
